import { setBlockProfileRate, setMutexProfileFraction } from '../../dist/index.js';
import { serve } from '../child.mjs';
import { CONFIGURATIONS } from './settings.mjs';
import { WORKLOADS } from './workloads.mjs';

/*
 * One workload in a loop, with one configuration after the other: what differs from process to process is the same for
 * all of them. Only `never` has a process to itself.
 */

await serve(async ({ workload, configurations, blockMillis, warmUpMillis }) => {
  const run = WORKLOADS[workload].create();

  let operations;
  for (const name of configurations) {
    switchTo(name);
    operations = Math.ceil((await measurePace(run, warmUpMillis)) * blockMillis);
  }

  return {
    /** CPU time of all threads, per operation in nanoseconds. */
    async block(name) {
      switchTo(name);
      // Until what was begun before has ended, and as many captures have been made as there ever will.
      await run(Math.ceil(operations / 4));
      const before = process.cpuUsage();
      await run(operations);
      const { user, system } = process.cpuUsage(before);
      switchTo('off');
      return ((user + system) * 1000) / operations;
    },
  };
});

function switchTo(name) {
  const { blockNanos, mutexFraction } = CONFIGURATIONS[name];
  setBlockProfileRate(blockNanos);
  setMutexProfileFraction(mutexFraction);
}

/** Operations per millisecond of CPU time. */
async function measurePace(run, millis) {
  const before = process.cpuUsage();
  for (let operations = 0; ; operations += 100) {
    await run(100);
    const { user, system } = process.cpuUsage(before);
    if (user + system >= millis * 1000) return ((operations + 100) / (user + system)) * 1000;
  }
}
