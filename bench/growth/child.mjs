import { Script } from 'node:vm';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../child.mjs';
import { loadMprof } from './load-mprof.mjs';
import { collectYoung, measureAgain, measureHarvests, measureProfiles } from './measure.mjs';
import { CHURN, ELEMENTS, HEAP, STACKS } from './settings.mjs';
import { compileStacks } from './stacks.mjs';

/* A program of a certain size in one respect, with mprof or without. */

await serve(async ({ options, scripts = 0, stacks, bytes }) => {
  // Before anything is sampled: what scripts themselves take are no samples of the program's.
  const loaded = loadScripts(scripts);
  const [keepAt, dropAt] = [compileStacks('keep'), compileStacks('drop')];
  const mprof = await loadMprof(options);
  let held = bytes === undefined ? holdStacks(keepAt, stacks) : holdBytes(keepAt, stacks, bytes);

  function churn(arrays = CHURN) {
    for (let i = 0; i < arrays; i++) dropAt(i % STACKS, ELEMENTS);
  }

  return {
    /** Resident memory, without garbage, and what there is in it. */
    async contents() {
      churn();
      collectYoung();
      gc();
      await sleep(20);
      const { rss, heapUsed } = process.memoryUsage();
      return { residentBytes: rss, heapBytes: heapUsed, held: held.length, scripts: loaded.length };
    },

    /** Harvests, with so many arrays thrown away before each, and profiles, if any. */
    async measure({ harvests, profiles, churn: arrays = CHURN }) {
      // What is new since the program's own last collection is not the first one's.
      collectYoung();
      const before = mprof.stats();
      const harvestMillis = await measureHarvests(mprof, () => churn(arrays), harvests);
      const { samples, liveSamples, buckets, stackNodes, tableBytes, samplerBytes, overflowedSamples } = mprof.stats();
      const newSamples = (samples - before.samples) / harvestMillis.length;
      const tables = { buckets, stackNodes, tableBytes, samplerBytes, overflowedSamples };
      const againMillis = await measureAgain(mprof, harvests);
      return { harvestMillis, againMillis, newSamples, liveSamples, ...tables, profiles: profiles && (await measureProfiles(mprof, profiles)) };
    },

    /** All that is held becomes garbage, and is collected. */
    release() {
      held = [];
      gc();
    },
  };
});

/** One small array at each of so many stacks. */
function holdStacks(allocateAt, stacks) {
  const held = new Array(stacks);
  for (let i = 0; i < stacks; i++) held[i] = allocateAt(i, ELEMENTS);
  return held;
}

/** Arrays of two sizes, of so many bytes together, at few stacks. */
function holdBytes(allocateAt, stacks, bytes) {
  const { large, small, smallShare } = HEAP;
  const smalls = Math.round((bytes * smallShare) / small.bytes);
  const larges = Math.round((bytes * (1 - smallShare)) / large.bytes);
  const held = new Array(larges + smalls);
  for (let i = 0; i < held.length; i++) held[i] = allocateAt(i % stacks, i < larges ? large.elements : small.elements);
  return held;
}

/** Scripts of three functions each, all different, that have run and are kept. */
function loadScripts(count) {
  return Array.from({ length: count }, (_, i) => {
    const source = `({ read${i}(x) { return x + ${i}; }, write${i}(x) { return [x, ${i}]; }, sum${i}(a, b) { return a * ${i} + b; } })`;
    const functions = new Script(source, { filename: `/service/module${i}.js` }).runInThisContext();
    for (const each of Object.values(functions)) each(i, i);
    return functions;
  });
}
