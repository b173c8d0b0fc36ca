import { Child } from '../child.mjs';
import { PROFILERS } from '../profilers/index.mjs';
import { shuffled } from '../random.mjs';
import { measureEncoders } from './encode.mjs';
import { BYTES_PER_STACK, FULL, QUICK, RATE } from './settings.mjs';

export { method, report, title } from './report.mjs';

export const name = 'snapshot';
/** Directories whose packages it measures. */
export const packages = ['profilers'];

const CHILD = new URL('child.mjs', import.meta.url);
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=4096'];

/** Other ways to have mprof's profile: its forms, from the table alone, and from another thread. */
const OTHERS = ['text', 'delta', 'tableOnly', 'offThread'];

/** For each number of stacks: `profilers.<name>.<metric>` and `others.<name>.<metric>`, by process and round. */
export async function measure({ quick, log }) {
  const settings = quick ? QUICK : FULL;
  const sizes = [];
  for (const stacks of settings.stacks) {
    const profilers = Object.fromEntries(PROFILERS.map((profiler) => [profiler, emptySeries()]));
    const size = { stacks, profilers, others: Object.fromEntries(OTHERS.map((name) => [name, emptySeries()])) };
    for (let process = 1; process <= settings.processes; process++) {
      log(`${stacks} stacks, processes ${process} of ${settings.processes}`);
      await measureProcesses(size, settings.rounds);
    }
    sizes.push(size);
  }
  return { settings, sizes, encoders: await measureEncoders(settings, log) };
}

function emptySeries() {
  return { stallMillis: [], idleMillis: [], cpuMillis: [], bytes: [], peakBytes: [], refreshMillis: [], inspected: [] };
}

/** One process for each profiler, all alive, which take profiles in turn. */
async function measureProcesses({ stacks, profilers, others }, rounds) {
  const children = [];
  for (const profiler of shuffled(PROFILERS)) {
    const child = await Child.start(CHILD, { name: profiler, stacks, rate: RATE }, EXEC_ARGV);
    children.push({ profiler, child });
    beginGroup(profilers[profiler]);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { profiler, child } of shuffled(children)) addRound(profilers[profiler], await child.call('round'));
  }
  for (const { profiler, child } of children) {
    const inspected = await child.call('inspect');
    checkContents(profiler, inspected);
    profilers[profiler].inspected.push(inspected);
  }
  const { child } = children.find(({ profiler }) => profiler === 'mprof');
  const prepare = {
    text: () => child.call('setForm', 'text'),
    delta: () => child.call('setForm', 'delta'),
    // Without a running sampler, what a profile costs mprof is the table's part alone.
    async tableOnly() {
      await child.call('setForm', 'protobuf');
      await child.call('stop');
    },
    offThread: () => child.call('moveOffThread'),
  };
  for (const [name, series] of Object.entries(others)) {
    await prepare[name]();
    beginGroup(series);
    for (let round = 0; round < rounds; round++) addRound(series, await child.call('round'));
  }
  for (const { child: each } of children) await each.end();
}

function beginGroup({ inspected, ...series }) {
  for (const groups of Object.values(series)) groups.push([]);
}

function addRound(series, measured) {
  for (const [metric, value] of Object.entries(measured)) series[metric].at(-1).push(value);
}

/** A profile that lacks a good part of the stacks would be cheap for the wrong reason. */
function checkContents(profiler, { stacksHeld, samples, bytes, overflowedSamples }) {
  if (overflowedSamples > 0) throw new Error(`${profiler} counted ${overflowedSamples} samples under (overflow)`);
  const sampled = stacksHeld * (1 - Math.exp(-BYTES_PER_STACK / RATE));
  if (samples < sampled * 0.9) throw new Error(`${profiler} shows ${samples} samples instead of about ${sampled}`);
  const share = bytes / (stacksHeld * BYTES_PER_STACK);
  if (share < 0.8) throw new Error(`${profiler} shows ${share} of the bytes held`);
}
