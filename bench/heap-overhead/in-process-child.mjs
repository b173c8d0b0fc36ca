import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { createJsonApi } from '../services/json-api.mjs';
import { makeDocuments } from '../services/documents.mjs';
import { median } from '../statistics.mjs';

/*
 * The request handler of the JSON API, driven in a loop, with one profiler after the other switched on: process-wide
 * differences (code layout, what got optimised when) are the same for all of them.
 */

await serve(async ({ configurations, rate, blockMillis, warmUpMillis, settleOperations }) => {
  const profilers = new Map();
  for (const name of configurations) profilers.set(name, await loadProfiler(name));

  const handle = createJsonApi()['/orders'];
  const documents = makeDocuments(64);
  let next = 0;
  const run = (operations) => {
    for (let i = 0; i < operations; i++) handle(documents[next++ % documents.length]);
  };

  measurePace(run, warmUpMillis);
  const perMilli = measurePace(run, warmUpMillis / 3);
  const operations = Math.ceil(perMilli * blockMillis);

  return {
    describe: () => ({ operationsPerBlock: operations, bytesPerOperation: allocatedBytes(run), operationsPerCpuSecond: perMilli * 1000 }),

    /** Per operation in microseconds: CPU time of all threads, and mprof's harvests' part of it. */
    async block(name) {
      const profiler = profilers.get(name);
      await profiler.start(rate);
      // Until all that the API remembers has been sampled: a profiler that has just started has nothing to keep. Not
      // always equally long, or the block would always end right before, or right after, the same collection.
      run(Math.round(settleOperations * (1 + Math.random() / 2)));
      const harvestBefore = profiler.stats?.().harvestNanos ?? 0;
      const before = process.cpuUsage();
      run(operations);
      const { user, system } = process.cpuUsage(before);
      const harvestNanos = (profiler.stats?.().harvestNanos ?? 0) - harvestBefore;
      await profiler.stop();
      // The inspector's stop collects all garbage, which makes the next block cheaper. Now it is so for everybody.
      gc();
      return { cpuMicros: (user + system) / operations, harvestMicros: harvestNanos / 1000 / operations };
    },
  };
});

/** Operations per millisecond of CPU time. */
function measurePace(run, millis) {
  const before = process.cpuUsage();
  for (let operations = 10; ; operations += 10) {
    run(10);
    const { user, system } = process.cpuUsage(before);
    if (user + system >= millis * 1000) return (operations / (user + system)) * 1000;
  }
}

/** The median over single operations; a garbage collection makes the difference negative, now and then. */
function allocatedBytes(run) {
  return median(
    Array.from({ length: 101 }, () => {
      const before = process.memoryUsage().heapUsed;
      run(1);
      return process.memoryUsage().heapUsed - before;
    }),
  );
}
