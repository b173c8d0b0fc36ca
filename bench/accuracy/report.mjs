import { percent, table } from '../markdown.mjs';
import { LABELS } from '../profilers/index.mjs';
import { bias, megabytes, spread, sumOf } from './cells.mjs';
import { reportCoverage } from './coverage-report.mjs';
import { mean } from '../statistics.mjs';
import { DEFAULT_RATE, RATE } from './settings.mjs';

export const title = 'Accuracy of the heap profile';

export const method = `
Functions make objects of known sizes and numbers; each profiler takes its profile as its users do, and what that says of a function
is compared with the truth, which the size of the heap confirms. Each run starts the sampler anew, with random numbers of its own.
Entries are the **bias ± its standard error (the standard deviation of one run)**, in percent of the truth. "law" is what the last two
are for unbiased estimates: V8 samples an object of s bytes with the probability p = 1 - exp(-s / rate), and a sampled object is to
count as 1 / p. Nothing but s / rate matters to that. So most experiments sample every ${RATE / 1024} KiB, which makes ${DEFAULT_RATE / RATE} times as many
samples of a gigabyte as the default of ${DEFAULT_RATE / 1024} KiB: objects of 20 KiB are sampled, and estimated, as objects of 640 KiB are with
the default. Code is not optimised, as V8 would make some objects together, and charge some to callers.`;

/** Markdown of one result. */
export function report({ equal, mixed, wide, garbage, allocated, coverage }) {
  const mixedSizes = [mixed, wide];
  return `${Object.keys(equal.estimates).map((name) => `**${name}**: ${LABELS[name]}`).join('; ')}.

### In use, equal sizes

Each function makes objects of one size and keeps all; a garbage collection, then the profile. ${equal.runs} runs, one sample per
${equal.rate / 1024} KiB; sizes in units of that are in brackets. Bytes:

${biasTable([equal], 'inUseBytes')}

Objects, by the profilers that count them; mprof drops fractions of an object in each of its records, as Go does:

${biasTable([equal], 'inUseObjects')}

### In use, mixed sizes

The same of functions that make objects of many sizes. ${mixed.runs} runs; one sample per ${mixed.rate / 1024} KiB, and in the last row
per ${wide.rate / 1024} KiB. Bytes:

${biasTable(mixedSizes, 'inUseBytes')}

Objects:

${biasTable(mixedSizes, 'inUseObjects')}

### In use after garbage

Two functions fill caches; then they, and one that keeps nothing, make temporary objects, many times as many, and the profile is taken
at a random moment. The benchmark forces no garbage collection; inspector and datadog-alloc do so by themselves. ${garbage.runs} runs,
one sample per ${garbage.rate / 1024} KiB. Bytes; of the function that keeps nothing, the megabytes that are shown as in use. A temporary object that
a function holds during a collection is in use, too: one of 100 KiB, now and then.

${garbageTable(garbage)}

### Allocated

Each function keeps one object in ten, or none; a garbage collection, then the profile, whose totals include what has died.
${allocated.runs} runs, one sample per ${allocated.rate / 1024} KiB. Other profilers than these have no such values. mprof, with its default budget, saw
${percent(mean(allocated.observedShares))} of the samples before their objects died; the others it estimates. Bytes:

${biasTable([allocated], 'allocBytes')}

Objects; V8 makes some 20 short strings each time that mprof reads its samples, which count for whichever function is running:

${biasTable([allocated], 'allocObjects')}

### Error bars

${reportCoverage(coverage)}`;
}

function biasTable(results, value) {
  const profilers = Object.keys(results[0].estimates).filter((name) => hasValue(results[0], name, value));
  const rows = results.flatMap(({ runs, functions, estimates }) =>
    Object.entries(functions).map(([name, { label, truth, deviation }]) => [
      label,
      spread(deviation[value] / truth[value], runs),
      ...profilers.map((profiler) => bias(estimates[profiler][name][value], truth[value])),
    ]),
  );
  return table(['sizes', 'law', ...profilers], rows);
}

const hasValue = ({ estimates }, profiler, value) => Object.values(estimates[profiler])[0][value] !== undefined;

function garbageTable({ runs, functions, estimates }) {
  const value = 'inUseBytes';
  const profilers = Object.keys(estimates);
  const rows = Object.entries(functions).map(([name, { label, truth, deviation }]) => {
    const series = profilers.map((profiler) => estimates[profiler][name][value]);
    if (truth[value] === 0) return [`${label}, keeps nothing`, '0', '', ...series.map((values) => megabytes(mean(values)))];
    const law = spread(deviation[value] / truth[value], runs);
    return [`${label}, cache`, megabytes(truth[value]), law, ...series.map((values) => bias(values, truth[value]))];
  });
  const total = Object.values(functions).reduce((sum, { truth }) => sum + truth[value], 0);
  const totalDeviation = Math.hypot(...Object.values(functions).map(({ deviation }) => deviation[value]));
  const totals = profilers.map((profiler) => bias(sumOf(Object.values(estimates[profiler]).map((series) => series[value])), total));
  rows.push(['all of them', megabytes(total), spread(totalDeviation / total, runs), ...totals]);
  return table(['sizes', 'MB kept', 'law', ...profilers], rows);
}
