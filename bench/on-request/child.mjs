import { setTimeout as sleep } from 'node:timers/promises';
import { cpuProfile, doWithLabels, lookup, newProfile, setBlockProfileRate, start, stop } from '../../dist/index.js';
import { serve } from '../child.mjs';
import { createJsonApi } from '../services/json-api.mjs';
import { makeDocuments } from '../services/documents.mjs';
import { longestStall } from '../snapshot/measure.mjs';
import { AWAITS, CALLERS, DEPTH, TIMERS } from './settings.mjs';

/* A process with a heap of a certain size, in which profiles are taken that nobody pays for until somebody asks. */

await serve(async ({ megabytes, blockMillis, windowSeconds }) => {
  const held = holdObjects(megabytes);
  const handle = createJsonApi()['/orders'];
  const documents = makeDocuments(64);
  const connections = newProfile('connections');

  // What is new moves on while it grows old, and that takes longer than anything else.
  gc();
  setBlockProfileRate(1e7);
  const unresolved = [];
  for (let i = 0; i < AWAITS; i++) waitForEver(CALLERS, unresolved);
  for (let i = 0; i < TIMERS; i++) setTimeout(() => {}, 1e9);

  return {
    describe: () => ({ held: held.length, unresolved: unresolved.length }),

    /** Of one plain goroutine profile, in milliseconds. */
    async goroutine() {
      return longestStall(() => lookup('goroutine').toBuffer());
    },

    async fullGoroutine() {
      return longestStall(() => lookup('goroutine').toBuffer({ full: true }));
    },

    /** How long the first CPU profile of the process stops the thread, and one that follows it, at the beginning and the end together. */
    async cpuWindow() {
      return longestStall(() => cpuProfile({ seconds: 0.01 }));
    },

    /** How long the end of a window stops the thread in which requests have been handled all the time. */
    async cpuWindowEnd() {
      const end = Date.now() + windowSeconds * 1000;
      const profile = cpuProfile({ seconds: windowSeconds });
      await sleep(1);
      for (let i = 0; Date.now() < end - 20; i++) {
        handle(documents[i % documents.length]);
        if (i % 100 === 0) await new Promise(setImmediate);
      }
      return longestStall(() => profile);
    },

    /** CPU time of a request while a window is open, and while none is, in microseconds. */
    async request({ isOpen }) {
      const aborter = new AbortController();
      const profile = isOpen ? cpuProfile({ seconds: 3600, signal: aborter.signal }).catch(() => {}) : undefined;
      await sleep(20);
      const cost = costOf((i) => handle(documents[i % documents.length]), blockMillis);
      aborter.abort();
      await profile;
      return cost;
    },

    /** CPU time of add() and remove() of a custom profile, in microseconds. */
    add() {
      const value = {};
      const addAt = (depth) => {
        if (depth > 0) return addAt(depth - 1);
        return costOf(() => {
          connections.add(value);
          connections.remove(value);
        }, blockMillis);
      };
      return addAt(DEPTH);
    },

    /** CPU time of an await of work that has labels, in microseconds, with `labels` as start() takes it. */
    async labelledAwait({ labels }) {
      start({ memProfileRate: 0, labels });
      const count = 2000;
      const before = process.cpuUsage();
      let done = 0;
      while (elapsed(before) < blockMillis * 1000) {
        await doWithLabels({ route: '/orders' }, () => awaitOften(count));
        done += count;
      }
      const cost = elapsed(before) / done;
      stop();
      return cost;
    },
  };
});

/** Small objects of many kinds and sizes, as a service has them. */
function holdObjects(megabytes) {
  const held = [];
  for (let bytes = 0; bytes < megabytes * 1e6; bytes += 200) held.push({ id: held.length, name: `name ${held.length}`, tags: [1, 2, 3], at: { x: held.length + 0.5 } });
  return held;
}

/** Keeps what it waits for, as whoever will resolve it does. */
async function waitForEver(callers, unresolved) {
  if (callers > 0) return await waitForEver(callers - 1, unresolved);
  await new Promise((resolve) => unresolved.push(resolve));
}

async function awaitOften(count) {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

function costOf(work, millis) {
  const before = process.cpuUsage();
  let count = 0;
  while (elapsed(before) < millis * 1000) for (let i = 0; i < 10; i++) work(count++);
  return elapsed(before) / count;
}

/** CPU time of all threads since then, in microseconds. */
function elapsed(before) {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
