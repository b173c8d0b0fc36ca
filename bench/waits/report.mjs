import { figure, percent, ratio, table } from '../markdown.mjs';
import { deviation, mean, median, pairedRatio } from '../statistics.mjs';
import { CONCURRENCY, LABELS } from './settings.mjs';
import { WORKLOADS } from './workloads.mjs';

export const title = 'Leaving the block and mutex profiles on';

export const method = `
At most 20 stacks a second, the default. CPU time is user and system time of all threads of the process, garbage
collection included. Ratios are medians of the ratios of pairs measured shortly after one another, in random order, with
the 95 % bootstrap interval of that median (processes resampled first, then pairs). "off" is a process in which the
profiles have been on, "never on" a process beside it in which they have not: V8 makes promises a little slower for good
once it has told anybody of them. "off again" is a second measurement of "off": differences of its size mean nothing.`;

/** Markdown of one result. */
export function report({ costs, delays }) {
  return `${reportCosts(costs)}

${reportDelays(delays)}`;
}

function reportCosts({ settings, workloads }) {
  const { processes, rounds, blockMillis } = settings;
  return `${processes} x 2 processes for each row, ${rounds} rounds of pairs of blocks of ${blockMillis} ms of CPU time.

### One await

${section(workloads, (workload) => workload.isAwait, 'ns per await', 1)}

### A request with 42 awaits

Handlers called in the process, ${CONCURRENCY} requests at a time, without sockets; a database that answers from setImmediate and
timers, 16 connections to it and 8 mutexes.

${section(workloads, (workload) => !workload.isAwait, 'CPU µs per request', 1000)}`;
}

function section(workloads, belongs, unit, nanosPerUnit) {
  const rows = Object.entries(workloads)
    .filter(([workload]) => belongs(WORKLOADS[workload]))
    .flatMap(([workload, pairs]) => pairs.map((pair) => row(WORKLOADS[workload].label, pair, nanosPerUnit)));
  return table(['', '', 'against', unit, 'against', 'ratio [95 %]'], rows);
}

function row(label, { name, base, nanos, baseNanos }, nanosPerUnit) {
  const typical = (values) => figure(median(values.flat()) / nanosPerUnit);
  return [label, LABELS[name], LABELS[base], typical(nanos), typical(baseNanos), ratio(pairedRatio(nanos, baseNanos))];
}

const SITES = { immediate: 'setImmediate()', short: 'timers of 1 to 5 ms', medium: 'timers of 10 to 30 ms', long: 'timers of 100 to 200 ms' };

function reportDelays({ settings: { processes, windows, windowMillis }, blockNanos, cases }) {
  const rows = cases.flatMap(({ maxCapturesPerSecond, sites }) =>
    Object.entries(sites).map(([name, { truth, estimate }]) => {
      const errors = truth.flat().map((delay, i) => estimate.flat()[i] / delay - 1);
      const spread = deviation(errors);
      const cap = maxCapturesPerSecond === 0 ? 'all' : String(maxCapturesPerSecond);
      const seconds = truth.flat().reduce((sum, delay) => sum + delay, 0) / 1000;
      return [cap, SITES[name], figure(seconds), `${percent(mean(errors))} ± ${percent(spread / Math.sqrt(errors.length))}`, percent(spread)];
    }),
  );
  return `### What is recorded of the time that was waited

A block rate of ${blockNanos / 1e6} ms. ${processes} processes x ${windows} windows of ${windowMillis} ms, in which tasks of four functions wait all the time. Bias is the mean
of the relative errors of a function's total delay in a window, with its standard error; spread is their standard deviation.

${table(['captures a second', 'waits for', 'seconds waited', 'bias', 'spread'], rows)}`;
}
