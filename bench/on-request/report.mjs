import { figure, ratio, table } from '../markdown.mjs';
import { median, pairedRatio } from '../statistics.mjs';
import { AWAITS, CALLERS, DEPTH, TIMERS } from './settings.mjs';

export const title = 'Profiles that are taken on request';

export const method = `
What stops the event loop when somebody asks for a goroutine or a CPU profile, and for how long, as a timer of a millisecond
sees it, which is up to one millisecond more: medians, and the longest. The heap holds small objects that have grown old;
${AWAITS} awaits with ${CALLERS} asynchronous callers each and ${TIMERS} timers are under way. The first CPU profile has V8 look for
code; it is then kept ready. CPU time is user and system time of all threads; ratios are medians of pairs of blocks measured
right after one another, in random order, with the 95 % bootstrap interval of that median.`;

/** Markdown of one result. */
export function report({ settings: { processes, rounds, windowSeconds }, heaps, work }) {
  const { request, labelledAwait, add, cpuWindowEnd } = work;
  const rows = heaps.map(({ megabytes, stalls }) => [
    megabytes,
    ...['goroutine', 'fullGoroutine', 'firstCpuWindow', 'cpuWindow'].map((name) => longest(stalls[name])),
  ]);
  return `${processes} processes x ${rounds} rounds.

${table(['heap, MB', 'goroutine, ms', 'goroutine, full, ms', 'first CPU profile, ms', 'further CPU profiles, ms'], rows)}

${table(
  ['', 'CPU µs', 'without', 'ratio [95 %]'],
  [
    ['a request of the JSON API while a CPU profile is taken', ...pair(request)],
    ['an await that is followed, of work with labels, with `labels: true`', ...pair(labelledAwait)],
    [`\`add()\` and \`remove()\` of a custom profile, ${DEPTH} frames deep`, typical(add), '', ''],
  ],
)}

The end of a CPU profile of ${windowSeconds} s, in which requests were handled all the time, stops the event loop for ${longest(cpuWindowEnd)} ms.`;
}

function pair({ values, base }) {
  return [typical(values), typical(base), ratio(pairedRatio(values, base))];
}

const typical = (values) => figure(median(values.flat()));

/** The median, and the longest. */
function longest(groups) {
  if (groups === undefined) return '';
  const all = groups.flat();
  return `${figure(median(all))} (${figure(Math.max(...all))})`;
}
