import { figure, percent, table } from '../markdown.mjs';
import { median } from '../statistics.mjs';
import { curve } from './curve-table.mjs';
import { ABOVE, BYTES_PER_ARRAY, CHURN, HEAP_RATE, HEAP_SAMPLES, LOAD, RATE, STACKS, WORKER_STACKS } from './settings.mjs';
import { steadyGrowth } from './slope.mjs';

export const title = 'What grows with the program';

const SAMPLED = `${Math.round((1 - Math.exp(-BYTES_PER_ARRAY / RATE)) * 100)} %`;

export const method = `
Programs that differ in one respect, one process for each point. Slopes are powers, by least squares of logarithms: 0 where a value
does not depend on what grows, 1 where it is proportional; that of the last step shows what begins late. Unless it says otherwise there
is a sample per ${RATE} bytes, and arrays of 1 KiB, of which ${SAMPLED} are sampled, at ${STACKS} stacks of six frames above the program's own.
A harvest is what precedes a garbage collection: its CPU time by \`stats()\`, of single ones, each before a young collection that is
asked for, after ${CHURN} arrays have been thrown away and the processor's caches filled with something else, and with \`allocsBudget: 1\`,
so that none is left out; median, and longest. "Again" is the same right afterwards: nothing is new, and the caches are warm.
A profile is \`lookup('heap').toBuffer()\`: CPU time of all threads, stall of the event loop as a timer of a millisecond sees it, and
growth of resident memory meanwhile, medians; a harvest is part of it, and another one where there is a collection meanwhile.
Tables and sampler are \`tableBytes\` and \`samplerBytes\`. "Resident above" is how much more is resident, before profiles are taken and
without garbage, than in the same program without mprof: V8's own sampler is in it, and where the program is large mostly noise.`;

/** Markdown of one result. */
export function report({ settings, heap, scripts, stacks, newSamples, workers, time, above }) {
  return [
    reportHeap(heap),
    reportScripts(scripts),
    reportStacks(stacks),
    reportNewSamples(newSamples),
    reportWorkers(settings, workers),
    reportTime(time),
    reportAbove(settings, above),
  ].join('\n\n');
}

/** Columns of what most curves measure, by where that is in a point, and what is resident. */
function columns(way, process = way) {
  const profile = (metric, scale = 1) => (point) => median(point[way].profiles[metric]) * scale;
  return {
    live: { label: 'live samples', of: (point) => point[way].liveSamples },
    harvest: { label: 'harvest, ms', of: (point) => median(harvestsOf(point, way)), inWords: true },
    longest: { label: 'longest, ms', of: (point) => Math.max(...harvestsOf(point, way)) },
    again: { label: 'again, ms', of: (point) => median(point[way].againMillis), inWords: true },
    perSample: { label: 'µs per live sample', of: (point) => (median(harvestsOf(point, way)) / point[way].liveSamples) * 1000 },
    cpu: { label: 'profile CPU, ms', of: profile('cpuMillis'), inWords: true },
    stall: { label: 'its stall, ms', of: profile('stallMillis'), inWords: true },
    size: { label: 'KB out', of: profile('bytes', 1e-3) },
    peak: { label: 'its peak, MB', of: profile('peakBytes', 1e-6) },
    tables: { label: 'tables, MB', of: (point) => point[way].tableBytes * 1e-6, inWords: true },
    sampler: { label: 'sampler, MB', of: (point) => point[way].samplerBytes * 1e-6, inWords: true },
    above: { label: 'resident above, MB', of: ({ contents }) => (contents[process].residentBytes - contents.plain.residentBytes) * 1e-6 },
  };
}

const harvestsOf = (point, way) => point[way].harvestMillis.flat();

function reportHeap(points) {
  const x = ['heap, GB', ({ gigabytes }) => gigabytes];
  const shown = (way) => {
    const { live, harvest, longest, again, perSample, cpu, stall, tables, sampler, above } = columns(way);
    return curve(points, x, [live, harvest, longest, again, perSample, cpu, stall, tables, sampler, above]);
  };
  return `### Live heap

Nine tenths of the bytes are held in arrays of 16 KiB and one tenth in arrays of four elements, at ${STACKS} stacks.

One sample per ${HEAP_RATE / 1024} KiB, the default: the number of samples grows with the heap.

${shown('atDefault')}

A ${HEAP_SAMPLES}th of the heap per sample: their number is constant.

${shown('atConstant')}`;
}

function reportScripts(points) {
  const { live, harvest, longest, again, cpu, stall, tables, sampler, above } = columns('profiled');
  return `### Scripts

Scripts of three functions each, loaded and kept, of which nothing is sampled.

${curve(points, ['scripts', ({ scripts }) => scripts], [live, harvest, longest, again, cpu, stall, tables, sampler, above])}`;
}

function reportStacks(points) {
  const x = ['stacks', ({ stacks }) => stacks];
  const { live, harvest, longest, again, perSample, cpu, stall, size, peak, tables, sampler, above } = columns('live', 'profiled');
  const overflowed = { label: 'under (overflow)', of: ({ live: { overflowedSamples } }) => overflowedSamples };
  const dead = columns('dead');
  const buckets = { label: 'buckets', of: (point) => point.dead.buckets };
  return `### Distinct stacks

One array is held at each of them.

${curve(points, x, [live, overflowed, harvest, longest, again, perSample, cpu, stall, size, peak, tables, sampler, above])}

The same processes once all of these arrays have died: the tables keep what was counted.

${curve(points, x, [dead.live, buckets, dead.harvest, dead.longest, dead.again, dead.cpu, dead.stall, dead.size, dead.peak, dead.tables, dead.sampler])}`;
}

function reportNewSamples(points) {
  const shown = points.map((point) => ({ point }));
  const { live, harvest, longest, again } = columns('point');
  const perSample = { label: 'µs per new sample', of: ({ point }) => (median(point.harvestMillis) / point.newSamples) * 1000 };
  return `### Samples that are new since the last harvest

All at the same ${STACKS} stacks, and dead by the next harvest.

${curve(shown, ['new samples', ({ point }) => Math.round(point.newSamples)], [live, harvest, longest, again, perSample])}`;
}

function reportWorkers({ workerPace: { periodMillis } }, points) {
  const { live, harvest, longest, cpu, stall, tables, sampler, above } = columns('profiled');
  const busy = (label, metric) => ({ label, of: (point) => median(point.profiled.busy[metric]), inWords: true });
  const each = { label: 'per worker, MB', of: (point) => above.of(point) / point.workers };
  const stalls = [stall, busy('stall while busy, ms', 'stallMillis'), busy('stall while busy without a profile, ms', 'idleMillis')];
  return `### Worker threads

\`start({ workers: true })\`, and workers that hold something at the same ${WORKER_STACKS} stacks each, and throw away ${CHURN} arrays and collect
every ${periodMillis} ms, at the same time. Harvests are those of all workers; profiles are the main thread's, of all of them, while they
rest, and, where it says busy, while they work.

${curve(points, ['workers', ({ workers }) => workers], [live, harvest, longest, cpu, ...stalls, tables, sampler, above, each])}`;
}

function reportTime(marks) {
  const harvestMillis = marks.map(({ profiled: { harvestNanos, harvests } }, i) => {
    const before = marks[i - 1]?.profiled ?? { harvestNanos: 0, harvests: 0 };
    return (harvestNanos - before.harvestNanos) / (harvests - before.harvests) / 1e6;
  });
  const series = {
    'tables, MB': marks.map(({ profiled }) => profiled.tableBytes * 1e-6),
    'sampler, MB': marks.map(({ profiled }) => profiled.samplerBytes * 1e-6),
    'mean harvest, ms': harvestMillis,
    'resident, MB': marks.map(({ profiled }) => profiled.rssBytes * 1e-6),
    'resident without mprof, MB': marks.map(({ plain }) => plain.rssBytes * 1e-6),
  };
  const rows = marks.map(({ seconds, profiled: { samples } }, i) => [seconds, samples, ...Object.values(series).map((values) => figure(values[i]))]);
  const minutes = marks.map(({ seconds }) => seconds / 60);
  const growths = Object.entries(series).map(([label, values]) => {
    const { growth, error } = steadyGrowth(minutes, values);
    return `${label.replace(/, [^,]*$/, '')} ${percent(growth)} ± ${percent(error)}`;
  });
  const { seconds, profiled } = marks.at(-1);
  return `### Time

The JSON API at ${LOAD.perSecond} requests per second, with one sample per ${LOAD.rate / 1024} KiB: ${profiled.samples} in all, as many as the
default rate takes in ${figure((seconds * HEAP_RATE) / LOAD.rate / 60)} minutes.

${table(['s', 'samples', ...Object.keys(series)], rows)}

Growth per minute over the second half, with its standard error: ${growths.join('; ')}.`;
}

function reportAbove({ above: { cpuMillis } }, points) {
  const rows = points.map(({ stacks, unbounded, bounded }) => [
    stacks,
    figure(unbounded.harvestNanos / unbounded.harvests / 1e6),
    percent(share(unbounded)),
    percent(share(bounded)),
    percent(bounded.harvests / bounded.collections),
    bounded.samples > 0 ? percent(1 - bounded.unseenSamples / bounded.samples) : '',
  ]);
  const [asked, spent] = ['unbounded', 'bounded'].map((way) => points.map((point) => share(point[way])));
  const range = (values) => `${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;
  return `### Above the budget

Garbage is made without a pause while arrays of 16 KiB are held at so many stacks, one sample per ${ABOVE.rate / 1024} KiB, during ${cpuMillis / 1000} s
of the thread's CPU time. \`allocsBudget\`, a share of that, is ${percent(ABOVE.allocsBudget)}, the default, or 1, with which every collection is harvested.

${table(['stacks', 'mean harvest, ms', 'spent before all collections', 'spent within the budget', 'collections harvested', 'samples seen'], rows)}

Where harvests before all collections take ${range(asked)} of the CPU time, ${range(spent)} is spent:
at most ${figure(Math.max(...spent) / ABOVE.allocsBudget)} times the budget.`;
}

const share = ({ harvestNanos, cpuMillis }) => harvestNanos / 1e6 / cpuMillis;
