import { Child } from '../child.mjs';
import { BYTES_PER_ARRAY, HEAP_RATE, HEAP_SAMPLES, RATE, STACKS } from './settings.mjs';

const CHILD = new URL('child.mjs', import.meta.url);
const WORKERS_CHILD = new URL('workers-child.mjs', import.meta.url);
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=8192'];
/** So large that there are no collections but those that are asked for. */
const YOUNG_GENERATION = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
/** Every harvest is to be measured, however dear. */
const ALL = { memProfileRate: RATE, allocsBudget: 1 };
/** What a program that holds nothing may have in use: bytes, and samples once profiles have been taken in it. */
const OWN_BYTES = 20e6;
const OWN_SAMPLES = 2000;

/** At V8's usual rate, so that the number of samples grows with the heap, and at one that keeps it constant. */
export async function measureHeap({ gigabytes, harvests, profiles }, log) {
  return forEach(gigabytes, (size) => {
    log(`a heap of ${size} GB`);
    const bytes = size * 1e9;
    const atDefault = { ...ALL, memProfileRate: HEAP_RATE };
    const atConstant = { ...ALL, memProfileRate: Math.round(bytes / HEAP_SAMPLES) };
    return inProcesses(CHILD, { stacks: STACKS, bytes }, { atDefault, atConstant }, async (children, { plain: { heapBytes } }) => {
      if (!(heapBytes > bytes && heapBytes < bytes + OWN_BYTES)) throw new Error(`${heapBytes} bytes in use instead of ${bytes}`);
      return {
        gigabytes: size,
        atDefault: await children.atDefault.call('measure', { harvests, profiles }),
        atConstant: await children.atConstant.call('measure', { harvests, profiles }),
      };
    });
  });
}

export async function measureScripts({ scripts, harvests, profiles }, log) {
  return forEach(scripts, (count) => {
    log(`${count} scripts`);
    return inProcesses(CHILD, { stacks: STACKS, scripts: count }, { profiled: ALL }, async ({ profiled }) => ({
      scripts: count,
      profiled: await profiled.call('measure', { harvests, profiles }),
    }));
  });
}

/** While something is held at each, and once all of it has died: then the tables have the stacks still, and V8 has not. */
export async function measureStacks({ stacks, harvests, profiles }, log) {
  return forEach(stacks, (count) => {
    log(`${count} stacks`);
    return inProcesses(CHILD, { stacks: count }, { profiled: ALL }, async ({ profiled }) => {
      const live = await profiled.call('measure', { harvests, profiles });
      await profiled.call('release');
      const dead = await profiled.call('measure', { harvests, profiles });
      checkStacks(count, live, dead);
      return { stacks: count, live, dead };
    });
  });
}

/** Harvests that find less than there is would be cheap for the wrong reason. */
function checkStacks(stacks, live, dead) {
  const sampled = stacks * (1 - Math.exp(-BYTES_PER_ARRAY / RATE));
  if (live.liveSamples < sampled * 0.9) throw new Error(`${live.liveSamples} live samples instead of about ${sampled}`);
  if (dead.liveSamples > OWN_SAMPLES + sampled / 10) throw new Error(`${dead.liveSamples} live samples once the arrays are dead`);
}

export async function measureNewSamples({ newSamples, harvests }, log) {
  log('new samples');
  const child = await Child.start(CHILD, { stacks: STACKS, options: ALL }, [...EXEC_ARGV, ...YOUNG_GENERATION]);
  const points = await forEach(newSamples, (churn) => child.call('measure', { harvests, churn }));
  await child.end();
  return points;
}

export async function measureWorkers({ workers, workerPace, profiles }, log) {
  return forEach(workers, (count) => {
    log(`${count} workers`);
    return inProcesses(WORKERS_CHILD, { workers: count }, { profiled: { ...ALL, workers: true } }, async ({ profiled }) => ({
      workers: count,
      profiled: await profiled.call('measure', { workerPace, profiles }),
    }));
  });
}

/** The same program with mprof in several ways and without, all alive; started at once, as nothing is measured until they are. */
async function inProcesses(file, program, ways, work) {
  const entries = Object.entries({ ...ways, plain: undefined });
  const start = async ([name, options]) => [name, await Child.start(file, { ...program, options }, EXEC_ARGV)];
  const children = Object.fromEntries(await Promise.all(entries.map(start)));
  const contents = {};
  for (const [name, child] of Object.entries(children)) contents[name] = await child.call('contents');
  const result = await work(children, contents);
  for (const child of Object.values(children)) await child.end();
  return { ...result, contents };
}

/** One after the other. */
async function forEach(values, work) {
  const results = [];
  for (const value of values) results.push(await work(value));
  return results;
}
