import { readFileSync } from 'node:fs';
import { serve } from '../child.mjs';
import { loadMprof } from './load-mprof.mjs';
import { ABOVE, ELEMENTS, STACKS } from './settings.mjs';
import { compileStacks } from './stacks.mjs';

/* A program that makes garbage as fast as it can while many stacks hold something: harvests before all its collections are dear. */

await serve(async ({ options, stacks }) => {
  const mprof = await loadMprof(options);
  const [keepAt, dropAt] = [compileStacks('keep'), compileStacks('drop')];
  const held = Array.from({ length: stacks }, (_, i) => keepAt(i, ABOVE.heldElements));

  return {
    /** During so many milliseconds of the thread's CPU time. */
    run(millis) {
      const start = threadCpuMillis();
      const before = mprof.stats();
      let cpuMillis = 0;
      for (let i = 0; cpuMillis < millis; cpuMillis = threadCpuMillis() - start) {
        for (const end = i + 1000; i < end; i++) dropAt(i % STACKS, ELEMENTS);
      }
      const after = mprof.stats();
      const metrics = ['collections', 'harvests', 'harvestNanos', 'samples', 'unseenSamples'];
      return { held: held.length, cpuMillis, ...Object.fromEntries(metrics.map((metric) => [metric, after[metric] - before[metric]])) };
    },
  };
});

/** The budget is a share of the CPU time of the one thread. Linux counts it in nanoseconds. */
function threadCpuMillis() {
  return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ', 1)[0]) / 1e6;
}
