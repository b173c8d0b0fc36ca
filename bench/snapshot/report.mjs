import { figure, ratio, table } from '../markdown.mjs';
import { LABELS, PROFILERS } from '../profilers/index.mjs';
import { median, pairedRatio } from '../statistics.mjs';
import { BYTES_PER_STACK, RATE } from './settings.mjs';

export const title = 'Producing one profile';

export const method = `
A process holds ${BYTES_PER_STACK / 1024} KiB at each of many distinct stacks of 18 frames and samples every ${RATE / 1024} KiB, so that
about ${Math.round((1 - Math.exp(-BYTES_PER_STACK / RATE)) * 100)} % of the stacks are in the profile. A profile is what users of each send: gzipped protobuf of
\`lookup('heap').toBuffer()\` (twice the values) and of \`encode(heap.profile())\`, and the JSON of \`getSamplingProfile\`, which
runs a full garbage collection. Stall is the longest time the event loop stood still, as a timer of a millisecond sees it, and
idle the same in the same process while nothing is done; CPU time is of all threads; peak
is the growth of resident memory. Processes with one profiler each are alive together and take turns in random order;
medians, and ratios of pairs to \`@datadog/pprof\` with the 95 % bootstrap interval of their median.`;

const COLUMNS = [
  ['stall ms', 'stallMillis', 1],
  ['CPU ms', 'cpuMillis', 1],
  ['idle ms', 'idleMillis', 1],
  ['KB out', 'bytes', 1e-3],
  ['peak MB', 'peakBytes', 1e-6],
];

/** Markdown of one result. */
export function report({ settings, sizes }) {
  return sizes.map((size) => reportSize(settings, size)).join('\n\n');
}

function reportSize({ processes, rounds }, { stacks, profilers, tableOnly, offThread }) {
  const rows = [
    ...PROFILERS.map((name) => row(LABELS[name], profilers[name], profilers.datadog)),
    row('mprof after `stop()`: the table alone', tableOnly, profilers.datadog),
    row('the same, written by a worker thread', offThread, profilers.datadog),
  ];
  const head = ['', ...COLUMNS.flatMap(([label], i) => (i < 2 ? [label, 'ratio'] : [label])), 'largest peak MB', 'samples', 'bytes in use / held'];
  return `### ${stacks} stacks

${processes} processes x ${rounds} rounds.

${table(head, rows)}

${describeHarvest(profilers.mprof)}`;
}

function row(label, series, base) {
  const { samples, share } = contents(series);
  return [
    label,
    ...COLUMNS.flatMap(([, metric, scale], i) => {
      const value = figure(median(series[metric].flat()) * scale);
      return i < 2 ? [value, series === base ? '1' : ratio(pairedRatio(series[metric], base[metric]))] : [value];
    }),
    figure(Math.max(...series.peakBytes.flat()) * 1e-6),
    samples,
    share,
  ];
}

function contents({ inspected }) {
  if (inspected.length === 0) return { samples: '', share: '' };
  const samples = median(inspected.map((each) => each.samples));
  const share = median(inspected.map(({ bytes, stacksHeld }) => bytes / (stacksHeld * BYTES_PER_STACK)));
  return { samples: samples.toFixed(0), share: share.toFixed(3) };
}

function describeHarvest({ refreshMillis, inspected }) {
  const overflowed = inspected.reduce((sum, { overflowedSamples }) => sum + overflowedSamples, 0);
  const longest = (metric) => figure(Math.max(...inspected.map((each) => each[metric])));
  return `mprof reads V8's samples first: ${figure(median(refreshMillis.flat()))} ms of its stall. The same pause comes before garbage
collections: ${shareOf(inspected)} % of the CPU time of these short processes, where the budget is 1 % and 20 ms in advance; the longest there was ${longest('longestHarvestMillis')} ms. Writing comes after that, in
slices: of all of them, the one that took most CPU time took ${longest('longestSliceMillis')} ms. Samples counted under (overflow): ${overflowed}.`;
}

function shareOf(inspected) {
  const sum = (key) => inspected.reduce((total, each) => total + each[key], 0);
  return ((100 * sum('harvestMillis')) / sum('cpuMillis')).toFixed(2);
}
