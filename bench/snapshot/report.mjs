import { figure, ratio, table } from '../markdown.mjs';
import { LABELS } from '../profilers/index.mjs';
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
export function report({ settings, sizes, encoders }) {
  return [...sizes.map((size) => reportSize(settings, size)), reportEncoders(settings, encoders)].join('\n\n');
}

const OTHERS = {
  text: 'mprof, as text, `debug=1`',
  delta: 'mprof, what changed within 50 ms',
  tableOnly: 'mprof after `stop()`: the table alone',
  offThread: 'the same, written by a worker thread',
};

function reportSize({ processes, rounds }, { stacks, profilers, others }) {
  const rows = [
    ...Object.entries(profilers).map(([name, series]) => row(LABELS[name], series, profilers.datadog)),
    ...Object.entries(others).map(([name, series]) => row(OTHERS[name], series, profilers.datadog)),
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
slices: of all of them, the one that took most CPU time took ${longest('longestSliceMillis')} ms. Samples counted under (overflow): ${overflowed}.
${describeSteady(inspected)}`;
}

/** The budget may have left none. */
function describeSteady(inspected) {
  const sum = (metric) => inspected.reduce((total, each) => total + each.steady[metric], 0);
  if (sum('count') === 0) return 'Once all stacks are held, the budget leaves no reading before collections.';
  const [average, ratioToCopy] = [sum('steadyMillis') / sum('count'), sum('steadyMillis') / sum('copyMillis')];
  return `Once all stacks are held, a reading takes ${figure(average)} ms on average, ${figure(ratioToCopy)} times V8's part of it, which is to copy its samples.`;
}

function shareOf(inspected) {
  const sum = (key) => inspected.reduce((total, each) => total + each[key], 0);
  return ((100 * sum('harvestMillis')) / sum('cpuMillis')).toFixed(2);
}

const ENCODERS = {
  columns: 'mprof, from the columns that its table gives',
  objects: '`encode()` of mprof/pprof, from objects',
  'pprof-format': '`pprof-format`, what `@datadog/pprof` writes with, from objects',
  go: "Go's github.com/google/pprof/profile, from structs",
};

function reportEncoders({ processes, rounds, encodings }, sizes) {
  const rows = sizes.flatMap(({ stacks, bytes, millis }) =>
    Object.entries(millis).map(([name, own]) => {
      const each = median(own.flat());
      return [String(stacks), ENCODERS[name], figure(each), figure(bytes / 1e3 / each), name === 'columns' ? '1' : ratio(pairedRatio(own, millis.columns))];
    }),
  );
  return `### The same profile written by several encoders

Not gzipped, CPU time of all threads, garbage collection included; ${processes} processes x ${rounds} rounds of ${encodings} times each, after a full collection.

${table(['stacks', '', 'ms', 'MB/s', 'ratio'], rows)}`;
}
