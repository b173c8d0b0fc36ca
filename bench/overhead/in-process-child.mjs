import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { quantile } from '../statistics.mjs';
import { configurationOf } from './settings.mjs';
import { CREATE } from './workloads.mjs';

/*
 * One workload in a loop, with one profiler after the other switched on: process-wide differences (code layout, what got
 * optimised when) are the same for all of them.
 */

await serve(async ({ workload, configurations, blockMillis, warmUpMillis, settleShare }) => {
  const profilers = new Map();
  for (const name of configurations) profilers.set(name, await loadProfiler(configurationOf(name).profiler));
  const run = CREATE[workload].create();
  // Made once, and large enough for all that is run: no block has to allocate it.
  const latencies = new Float64Array(1e6);

  await measurePace(run, latencies, warmUpMillis);
  const perMilli = await measurePace(run, latencies, warmUpMillis / 3);
  const operations = Math.ceil(perMilli * blockMillis);

  return {
    describe: async () => ({
      operationsPerBlock: operations,
      bytesPerOperation: await allocatedBytes(run, latencies),
      operationsPerCpuSecond: perMilli * 1000,
    }),

    /** Per operation in microseconds: CPU time of all threads, and mprof's harvests' part of it. */
    async block(name) {
      const profiler = profilers.get(name);
      await profiler.start(configurationOf(name).rate);
      // Until what the service remembers has been sampled: a profiler that has just started has nothing to keep. Not
      // always equally long, or the block would always end right before, or right after, the same collection.
      await run(Math.round(operations * settleShare * (1 + Math.random() / 2)), latencies);
      const harvestBefore = profiler.stats?.().harvestNanos ?? 0;
      const before = process.cpuUsage();
      const began = performance.now();
      await run(operations, latencies);
      const seconds = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(before);
      const harvestNanos = (profiler.stats?.().harvestNanos ?? 0) - harvestBefore;
      await profiler.stop();
      // The inspector's stop collects all garbage, which makes the next block cheaper. Now it is so for everybody.
      gc();
      const taken = latencies.subarray(0, operations);
      return {
        cpuMicros: (user + system) / operations,
        harvestMicros: harvestNanos / 1000 / operations,
        perSecond: operations / seconds,
        p50Millis: quantile(taken, 0.5),
        p99Millis: quantile(taken, 0.99),
      };
    },
  };
});

/** Operations per millisecond of CPU time. */
async function measurePace(run, latencies, millis) {
  const before = process.cpuUsage();
  for (let operations = 10; ; operations += 10) {
    await run(10, latencies);
    const { user, system } = process.cpuUsage(before);
    if (user + system >= millis * 1000) return (operations / (user + system)) * 1000;
  }
}

/** The median over single operations; a garbage collection makes the difference negative, now and then. */
async function allocatedBytes(run, latencies) {
  const bytes = [];
  for (let i = 0; i < 101; i++) {
    const before = process.memoryUsage().heapUsed;
    await run(1, latencies);
    bytes.push(process.memoryUsage().heapUsed - before);
  }
  return quantile(bytes, 0.5);
}
