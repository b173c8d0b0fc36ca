import { setTimeout as sleep } from 'node:timers/promises';
import { blockProfile, setBlockProfileRate, start, stats } from '../../dist/index.js';
import { serve } from '../child.mjs';

/* Waits of several lengths, whose delays the program adds up itself. */

/** By site: what its tasks wait for, again and again. */
const SITES = { immediate, short, medium, long };

/** Delays by site, in milliseconds, as the program sees them. */
let truth = {};

/** The time is taken as near as can be to where the wait begins and ends. */
function wait(site, schedule, millis) {
  return new Promise((resolve) => {
    let began;
    schedule(() => {
      const delay = performance.now() - began;
      resolve();
      truth[site] += delay;
    }, millis);
    began = performance.now();
  });
}

async function immediate() {
  await wait('immediate', setImmediate);
}
async function short() {
  await wait('short', setTimeout, 1 + Math.random() * 4);
}
async function medium() {
  await wait('medium', setTimeout, 10 + Math.random() * 20);
}
async function long() {
  await wait('long', setTimeout, 100 + Math.random() * 100);
}

async function repeat(site, until) {
  while (performance.now() < until) await site();
}

/** Delays by site, in milliseconds, as the block profile has them. */
function estimate() {
  const delays = Object.fromEntries(Object.keys(SITES).map((name) => [name, 0]));
  for (const { stack, delay } of blockProfile()) {
    const site = stack.find(({ functionName }) => functionName in delays);
    if (site !== undefined) delays[site.functionName] += delay / 1e6;
  }
  return delays;
}

await serve(async ({ blockNanos, maxCapturesPerSecond, tasks }) => {
  start({ memProfileRate: 0, maxCapturesPerSecond });
  setBlockProfileRate(blockNanos);

  return {
    /** `truth` and `estimate` of one window, by site. */
    async window(millis) {
      // What was under way has ended.
      await sleep(300);
      const before = estimate();
      truth = Object.fromEntries(Object.keys(SITES).map((name) => [name, 0]));
      const until = performance.now() + millis;
      await Promise.all(Object.entries(tasks).flatMap(([name, count]) => Array.from({ length: count }, () => repeat(SITES[name], until))));
      const after = estimate();
      const { waitFailures, lostWaits } = stats();
      if (waitFailures + lostWaits > 0) throw new Error(`${waitFailures} failures, ${lostWaits} waits lost`);
      return { truth, estimate: Object.fromEntries(Object.entries(after).map(([name, delay]) => [name, delay - before[name]])) };
    },
  };
});
