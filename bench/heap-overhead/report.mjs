import { figure, percent, ratio, table } from '../markdown.mjs';
import { LABELS } from '../profilers/index.mjs';
import { median, pairedRatio } from '../statistics.mjs';
import { HTTP_METRICS } from './http.mjs';
import { CONFIGURATIONS, RATE } from './settings.mjs';

export const title = 'Leaving the heap profiler on';

export const method = `
One sample per ${RATE / 1024} KiB. CPU time is user and system time of all threads of the process, garbage collection
included. Ratios are medians of the ratios of pairs measured shortly after one another, in random order, with the 95 %
bootstrap interval of that median (processes resampled first, then pairs). "off again" is a second measurement without
any profiler: differences of its size mean nothing.`;

/** Markdown of one result. */
export function report({ inProcess, http }) {
  return [reportInProcess(inProcess), ...Object.keys(http.routes).map((route) => reportRoute(http, route)), reportHarvests(http)].join('\n\n');
}

function reportInProcess({ settings, workload, pairs, harvestShare }) {
  const { processes, rounds, blockMillis } = settings;
  const rows = pairs.map(({ name, base, cpuMicros, baseCpuMicros }) => [
    LABELS[name],
    base === 'off' ? 'off' : LABELS[base],
    figure(median(cpuMicros.flat())),
    figure(median(baseCpuMicros.flat())),
    ratio(pairedRatio(cpuMicros, baseCpuMicros)),
  ]);
  const allocatedPerSecond = workload.bytesPerOperation * workload.operationsPerCpuSecond;
  return `### The handler of \`/orders\` in a loop, without HTTP

${processes} processes x ${rounds} rounds of pairs of blocks of ${blockMillis} ms of CPU time; ${figure(workload.bytesPerOperation / 1000)} KB allocated per operation,
${figure(allocatedPerSecond / 1e6)} MB in a second of it. Every block begins after a full garbage collection and after the profiler has seen everything
the service holds.

${table(['', 'against', 'CPU µs per operation', 'against', 'ratio [95 %]'], rows)}

mprof's harvests, which give it what was allocated, took ${percent(harvestShare)} of the CPU time by its own clock.`;
}

function reportRoute({ settings, routes }, route) {
  const { processes, slices, sliceMillis, connections } = settings;
  const rows = CONFIGURATIONS.map((name) => [
    LABELS[name],
    ...HTTP_METRICS.flatMap((metric) => {
      const [values, off] = [routes[route][name][metric], routes[route].off[metric]];
      return [figure(median(values.flat())), name === 'off' ? '1' : ratio(pairedRatio(values, off))];
    }),
  ]);
  return `### \`${route}\` over HTTP, separate processes

${processes} x ${CONFIGURATIONS.length} server processes, ${slices} slices of ${sliceMillis} ms each, ${connections} keep-alive connections
from a process of its own, which shares the machine; each connection waits for its answer, so latency is mostly queueing.

${table(['', 'req/s', 'ratio', 'CPU µs per request', 'ratio', 'p50 ms', 'ratio', 'p99 ms', 'ratio'], rows)}`;
}

function reportHarvests({ harvestShares }) {
  return `mprof's harvests took ${percent(median(harvestShares))} of the server's CPU time over its life, by its own clock.`;
}
