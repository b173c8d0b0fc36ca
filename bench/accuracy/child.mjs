import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { readErrorBars } from './error-bars.mjs';
import { EXPERIMENTS, scaledMakers } from './experiments.mjs';
import { Workload } from './workload.mjs';

/* A process in which one profiler estimates what functions have made whose objects are known, over and over. */

/** What the heap may hold besides: what the profiler keeps, and what V8 does. */
const OTHER_BYTES = 2e6;

await serve(async ({ experiment, profiler: name, scale }) => {
  const profiler = await loadProfiler(name);
  const { rate: firstRate, rounds, forceGc, errorBars } = EXPERIMENTS[experiment];
  const makers = scaledMakers(experiment, scale);
  const keptBytes = makers.reduce((sum, { sizes, copies, keep }) => sum + copies * keep * total(sizes), 0);
  const workload = new Workload(makers);
  workload.warmUp();

  function run() {
    gc();
    const before = process.memoryUsage().heapUsed;
    workload.fill();
    const times = rounds[0] + Math.floor(Math.random() * (rounds[1] - rounds[0] + 1));
    for (let i = 0; i < times; i++) workload.traffic();
    if (!forceGc) return;
    gc();
    checkTruth(process.memoryUsage().heapUsed - before, keptBytes);
  }

  return {
    /** Estimates by function: what is in use, and what has been allocated in this phase. */
    async phase(index) {
      // A rate of its own gives each phase records of its own. V8's random numbers go on.
      const rate = firstRate + index;
      gc();
      await profiler.start(rate);
      const before = profiler.readFunctions(await profiler.takeProfile());
      run();
      // Those of the others have to do it themselves, as has been done by now.
      const takeProfile = (forceGc && profiler.takeProfileAfterGc) || profiler.takeProfile;
      const after = profiler.readFunctions(await takeProfile());
      const bars = errorBars ? readErrorBars(rate) : {};
      await profiler.stop();
      workload.release();
      return Object.fromEntries(makers.map(({ name }) => [name, { ...since(before, after, name), ...bars[name] }]));
    },

    /** Which share of the samples has been seen before their objects died; all, where nobody counts. */
    observedShare: () => profiler.stats?.().observedShare ?? 1,
  };
});

/** What the profiler knows of the function. Allocations add up over the phases, but for profilers that begin anew. */
function since(before, after, name) {
  const values = Object.keys(Object.values(after)[0]);
  const at = (profile, value) => profile[name]?.[value] ?? 0;
  return Object.fromEntries(values.map((value) => [value, at(after, value) - (value.startsWith('alloc') ? at(before, value) : 0)]));
}

/** That what is known about the functions is true: V8 has not optimised anything away, and objects have the size they should. */
function checkTruth(growth, keptBytes) {
  if (Math.abs(growth - keptBytes) > 0.01 * keptBytes + OTHER_BYTES) throw new Error(`The heap grew by ${growth} bytes instead of ${keptBytes}`);
}

function total(sizes) {
  return sizes.reduce((sum, size) => sum + size, 0);
}
