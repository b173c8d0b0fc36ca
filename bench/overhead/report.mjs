import { figure, percent, ratio, table } from '../markdown.mjs';
import { LABELS } from '../profilers/index.mjs';
import { median, pairedRatio } from '../statistics.mjs';
import { HTTP_METRICS } from './http.mjs';
import { BLOCK_METRICS } from './in-process.mjs';
import { OFTEN, RATE } from './settings.mjs';
import { CREATE } from './workloads.mjs';

export const title = 'Leaving the profilers on';

export const method = `
One sample per ${RATE / 1024} KiB, and with waits at most 20 stacks a second, the defaults. CPU time is user and system time of all
threads of the process, garbage collection included. Ratios are medians of the ratios of what was measured shortly after one
another, in random order, with the 95 % bootstrap interval of that median (processes resampled first, then rounds). "off
again" is a second measurement without any profiler: differences of its size mean nothing.`;

const OFTEN_LABEL = `one sample per ${RATE / OFTEN / 1024} KiB`;

/** Markdown of one result. */
export function report({ inProcess, http }) {
  return [
    ...Object.entries(inProcess.workloads).map(([workload, data]) => reportInProcess(workload, data, inProcess.settings)),
    ...Object.entries(http.services).flatMap(([service, data]) => reportService(service, data, http.settings)),
  ].join('\n\n');
}

function reportInProcess(workload, { described, series, harvestShare }, { processes, rounds, blockMillis }) {
  const { bytesPerOperation, operationsPerCpuSecond } = described;
  return `### ${CREATE[workload].label}

${processes} processes x ${rounds} rounds of blocks of ${blockMillis} ms of CPU time; ${figure(bytesPerOperation / 1000)} KB allocated per operation,
${figure((bytesPerOperation * operationsPerCpuSecond) / 1e6)} MB in a second of CPU time. Every block begins after a full garbage collection and after the profiler has
seen much of what the service holds.

${ratiosToOff(series, BLOCK_METRICS, 'operation')}

${[...comparison(series), `mprof's harvests, which give it what was allocated, took ${percent(harvestShare)} of the CPU time by its own clock.`].join('\n')}`;
}

const HEADS = { cpuMicros: 'CPU µs per', perSecond: 'a second', p50Millis: 'p50 ms', p99Millis: 'p99 ms' };

function ratiosToOff(series, metrics, unit) {
  const head = metrics.flatMap((metric) => [metric === 'cpuMicros' ? `${HEADS.cpuMicros} ${unit}` : metric === 'perSecond' ? `${unit}s a second` : HEADS[metric], 'ratio']);
  const rows = Object.entries(series).map(([name, own]) => [
    labelOf(name),
    ...metrics.flatMap((metric) => [figure(median(own[metric].flat())), name === 'off' ? '1' : ratio(pairedRatio(own[metric], series.off[metric]))]),
  ]);
  return table(['', ...head], rows);
}

const labelOf = (name) => (name.endsWith('-often') ? `${LABELS[name.replace(/-often$/, '')]}; ${OFTEN_LABEL}` : LABELS[name]);

/** What mprof takes beyond the rival that does the same sampling, and what a sample costs both. */
function comparison({ off, mprof, datadog, 'mprof-often': mprofOften, 'datadog-often': datadogOften }) {
  const lines = [`mprof against \`@datadog/pprof\`, CPU time: ${ratio(pairedRatio(mprof.cpuMicros, datadog.cpuMicros))}.`];
  if (mprofOften !== undefined) {
    const share = (series) => {
      const { median, low, high } = pairedRatio(series.cpuMicros, off.cpuMicros);
      return `${ratio({ median: 1 + (median - 1) / OFTEN, low: 1 + (low - 1) / OFTEN, high: 1 + (high - 1) / OFTEN })}`;
    };
    lines.push(
      `What ${OFTEN} times the samples cost, divided by ${OFTEN}, which is what sampling costs at the default rate: mprof ${share(mprofOften)}, \`@datadog/pprof\` ${share(datadogOften)} of off.`,
    );
  }
  return lines;
}

const SERVICE_LABELS = {
  json: 'a JSON API with node:http',
  bookings: 'bookings with Fastify, 42 awaits each, and a database that waits',
  grown: 'a JSON API',
};

function reportService(service, { routes, harvestShares }, { processes, slices, sliceMillis, connections, modules, megabytes }) {
  const grown = service === 'grown' ? ` with ${modules} modules and ${megabytes} MB of records` : '';
  return Object.entries(routes).map(
    ([route, series]) => `### \`${route}\` over HTTP: ${SERVICE_LABELS[service]}${grown}

${processes} x ${Object.keys(series).length} server processes, ${slices} slices of ${sliceMillis} ms each, ${connections} keep-alive connections
from a process of its own, which shares the machine; each connection waits for its answer, so latency is mostly queueing.

${ratiosToOff(series, HTTP_METRICS, 'request')}

mprof's harvests took ${percent(median(harvestShares))} of the server's CPU time over its life, by its own clock.`,
  );
}
