import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { shuffled } from '../random.mjs';
import { cpuAndPeak, longestStall } from './measure.mjs';
import { IDLE_MS } from './settings.mjs';
import { holdStacks } from './stacks.mjs';

/* A process that holds many distinct stacks, and takes profiles of them with one profiler. */

await serve(async ({ name, stacks, rate }) => {
  const profiler = await loadProfiler(name);
  await profiler.start(rate);
  const held = holdStacks(stacks);
  let { takeProfile } = profiler;

  /** Each profile starts as in a service between two of them: what the last one left behind has been collected. */
  async function settle() {
    gc();
    await sleep(50);
  }

  async function round() {
    const measured = {};
    const steps = {
      async cost() {
        const { cpuMillis, peakBytes, result } = await cpuAndPeak(takeProfile);
        Object.assign(measured, { cpuMillis, peakBytes, bytes: result.length });
      },
      // Apart from the CPU time: watching the event loop keeps it busy.
      async stall() {
        measured.stallMillis = await longestStall(takeProfile);
      },
      async idle() {
        measured.idleMillis = await longestStall(() => sleep(IDLE_MS));
      },
      async refresh() {
        const start = performance.now();
        profiler.refresh?.();
        measured.refreshMillis = performance.now() - start;
      },
    };
    for (const step of shuffled(Object.values(steps))) {
      await settle();
      await step();
    }
    return measured;
  }

  return {
    round,
    /** What the profile shows, and what was left out of it. */
    async inspect() {
      const { overflowedSamples = 0, harvestNanos = 0, longestHarvestNanos = 0, longestEncodingCpuNanos = 0 } = profiler.stats?.() ?? {};
      const { user, system } = process.cpuUsage();
      const inUse = profiler.readInUse(await takeProfile());
      const longest = { longestHarvestMillis: longestHarvestNanos / 1e6, longestSliceMillis: longestEncodingCpuNanos / 1e6 };
      const harvests = { harvestMillis: harvestNanos / 1e6, cpuMillis: (user + system) / 1000 };
      return { stacksHeld: held.length, overflowedSamples, ...harvests, ...longest, ...inUse };
    },
    stop: () => profiler.stop(),
    /** From here on a thread beside this one writes the profiles: it sees the same table. */
    async moveOffThread() {
      const worker = new Worker(new URL('off-thread.mjs', import.meta.url));
      await once(worker, 'message');
      takeProfile = async () => {
        worker.postMessage('take');
        return (await once(worker, 'message'))[0];
      };
    },
  };
});
