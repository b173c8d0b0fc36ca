import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData as isProfiled } from 'node:worker_threads';
import { collectYoung, measureHarvest } from './measure.mjs';
import { CHURN, ELEMENTS, STACKS, WORKER_STACKS } from './settings.mjs';
import { compileStacks } from './stacks.mjs';

/* One of several threads that hold and throw away as much as the others; its main thread has mprof profile it, or not. */

const mprof = isProfiled ? await import('../../dist/index.js') : undefined;
const [keepAt, dropAt] = [compileStacks('keep'), compileStacks('drop')];
const held = Array.from({ length: WORKER_STACKS }, (_, i) => keepAt(i, ELEMENTS));

function churn() {
  for (let i = 0; i < CHURN; i++) dropAt(i % STACKS, ELEMENTS);
}

const methods = {
  /** For so long; the CPU time of each harvest in milliseconds. */
  async run({ periodMillis, millis }) {
    const harvestMillis = [];
    // Not all at the same time.
    await sleep(Math.random() * periodMillis);
    for (const end = performance.now() + millis; performance.now() < end; await sleep(periodMillis)) {
      harvestMillis.push(measureHarvest(mprof, churn));
    }
    return harvestMillis;
  },
  collect() {
    churn();
    collectYoung();
    gc();
  },
  stats() {
    const { samplerBytes, liveSamples } = mprof.stats();
    return { samplerBytes, liveSamples };
  },
};

parentPort.on('message', async ({ method, argument }) => parentPort.postMessage(await methods[method](argument)));
parentPort.postMessage(held.length);
