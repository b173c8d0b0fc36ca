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

  /** Readings of V8's samples before garbage collections: how many, and in nanoseconds, V8's part of it and all. */
  const harvests = () => {
    const { harvests = 0, harvestCopyNanos = 0, harvestNanos = 0 } = profiler.stats?.() ?? {};
    return [harvests, harvestCopyNanos, harvestNanos];
  };
  /** As of when all stacks are held. */
  let harvestsBefore;

  async function round() {
    if (harvestsBefore === undefined) {
      await settle();
      harvestsBefore = harvests();
    }
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
      const [count, copyMillis, steadyMillis] = harvests().map((value, i) => (value - harvestsBefore[i]) / (i === 0 ? 1 : 1e6));
      const spent = { harvestMillis: harvestNanos / 1e6, cpuMillis: (user + system) / 1000, steady: { count, copyMillis, steadyMillis } };
      return { stacksHeld: held.length, overflowedSamples, ...spent, ...longest, ...inUse };
    },
    stop: () => profiler.stop(),
    /** From here on, mprof's profiles are of that form. */
    setForm(form) {
      takeProfile = profiler.forms[form];
    },
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
