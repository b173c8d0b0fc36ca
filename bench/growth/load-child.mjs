import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../child.mjs';
import { createJsonApi } from '../services/json-api.mjs';
import { makeDocuments } from '../services/documents.mjs';
import { loadMprof } from './load-mprof.mjs';

/* The JSON API at a constant number of requests per second, with mprof or without. */

const TURN_MS = 5;

await serve(async ({ options, perSecond }) => {
  const mprof = await loadMprof(options);
  const handle = createJsonApi()['/orders'];
  const documents = makeDocuments(64);
  let requests = 0;

  return {
    /** What is resident, and what mprof knows about itself, after so many milliseconds more. */
    async run(millis) {
      const [start, first] = [performance.now(), requests];
      for (let elapsed = 0; elapsed < millis; elapsed = performance.now() - start) {
        while (requests - first < (elapsed / 1000) * perSecond) handle(documents[requests++ % documents.length]);
        await sleep(TURN_MS);
      }
      gc();
      const { harvests, harvestNanos, samples, buckets, tableBytes, samplerBytes } = mprof?.stats() ?? {};
      return { requests, rssBytes: process.memoryUsage.rss(), harvests, harvestNanos, samples, buckets, tableBytes, samplerBytes };
    },
  };
});
