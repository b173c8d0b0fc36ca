import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mprof from '../../dist/index.js';
import { decode, encode } from '../../dist/pprof/index.js';
import { serve } from '../child.mjs';
import { Profile } from '../profilers/pprof-format.mjs';
import { holdStacks } from './stacks.mjs';

const require = createRequire(import.meta.url);
const { heap } = require('../../dist/profiles/heap.js');
const { writeProfileChunks } = require('../../dist/profiles/write-profile.js');
const { finish } = require('../../dist/pprof/steps.js');

/* A process that holds many distinct stacks, and writes one profile of them with one encoder or another. */

await serve(async ({ stacks, rate }) => {
  mprof.start({ memProfileRate: rate });
  const held = holdStacks(stacks);
  gc();
  const { rows, lookUp } = heap.take({ gc: false, thread: undefined });
  const profile = finish(rows());
  const columns = { ...profile, ...finish(lookUp(profile.stack)) };
  mprof.stop();
  const bytes = Buffer.concat(finish(writeProfileChunks(columns)));
  const [decoded, theirs] = [decode(bytes), Profile.decode(bytes)];

  const encoders = {
    columns: () => finish(writeProfileChunks(columns)).reduce((length, chunk) => length + chunk.length, 0),
    objects: () => encode(decoded).length,
    'pprof-format': () => theirs.encode().length,
  };
  const lengths = Object.values(encoders).map((write) => write());
  // The same profile, so much the same bytes: fields that are 0 may be there or not.
  if (lengths.some((length) => Math.abs(length / bytes.length - 1) > 0.05)) throw new Error(`encoders write ${lengths} bytes`);

  return {
    names: () => Object.keys(encoders),
    bytes: () => bytes.toString('base64'),
    held: () => held.length,
    /** CPU time of all threads for writing it once, in milliseconds. */
    async block({ name, times }) {
      gc();
      await sleep(10);
      const before = process.cpuUsage();
      for (let i = 0; i < times; i++) encoders[name]();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000 / times;
    },
  };
});
