import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { serve } from '../child.mjs';
import { longestStall } from '../snapshot/measure.mjs';
import { loadMprof } from './load-mprof.mjs';
import { measureProfiles } from './measure.mjs';

/* A program of a certain number of threads that all do the same, with mprof or without. */

await serve(async ({ options, workers: count }) => {
  const mprof = await loadMprof(options);
  const workers = Array.from({ length: count }, () => new Worker(new URL('worker.mjs', import.meta.url), { workerData: options !== undefined }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));

  /** The same call of each of them, at the same time. */
  async function callAll(method, argument) {
    return Promise.all(
      workers.map(async (worker) => {
        worker.postMessage({ method, argument });
        return (await once(worker, 'message'))[0];
      }),
    );
  }

  return {
    async contents() {
      await callAll('collect');
      gc();
      await sleep(20);
      return { residentBytes: process.memoryUsage.rss() };
    },

    async measure({ workerPace, profiles }) {
      const harvestMillis = await callAll('run', workerPace);
      const measured = await measureProfiles(mprof, profiles);
      const samplers = await callAll('stats');
      const { tableBytes, threadRows, samplerBytes } = mprof.stats();
      const sum = (metric) => samplers.reduce((total, each) => total + each[metric], 0);
      const memory = { tableBytes, threadRows, samplerBytes: samplerBytes + sum('samplerBytes'), liveSamples: sum('liveSamples') };
      return { harvestMillis, ...memory, profiles: measured, busy: await measureBusy(workerPace, profiles.count) };
    },
  };

  /** Stalls while all workers are at work: of one profile, and of nothing at all for as long as it took. */
  async function measureBusy({ periodMillis }, rounds) {
    const busy = { stallMillis: [], idleMillis: [] };
    let stop = false;
    const work = (async () => {
      while (!stop) await callAll('run', { periodMillis, millis: periodMillis });
    })();
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      busy.stallMillis.push(await longestStall(() => mprof.lookup('heap').toBuffer()));
      const millis = performance.now() - start;
      busy.idleMillis.push(await longestStall(() => sleep(millis)));
    }
    stop = true;
    await work;
    return busy;
  }
});
