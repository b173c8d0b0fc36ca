import { setTimeout as sleep } from 'node:timers/promises';
import { cpuAndPeak, longestStall } from '../snapshot/measure.mjs';

/** However long each takes, a median needs some. */
const LEAST = 3;
const ATTEMPTS = 20;
/** More than there is room for in a processor's caches. */
const CACHED_BYTES = 2 ** 26;
const CACHE_LINE = 64;

let cached;

/** A young collection: a harvest reads the same before any, and this one costs the least besides. */
export function collectYoung() {
  gc({ type: 'minor' });
}

/** CPU time in milliseconds, by mprof's own clock, of the one harvest before a collection; `prepare` comes before that. */
export function measureHarvest({ stats }, prepare) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    prepare();
    const before = stats();
    collectYoung();
    const after = stats();
    if (after.harvests - before.harvests === 1) return (after.harvestNanos - before.harvestNanos) / 1e6;
    // V8 had a full collection to finish, too.
  }
  throw new Error(`Never one harvest alone in ${ATTEMPTS} attempts`);
}

/** Of one after the other, with what the program does in between. */
export function measureHarvests(mprof, churn, limits) {
  return repeat(limits, () =>
    measureHarvest(mprof, () => {
      churn();
      fillCaches();
    }),
  );
}

/** Milliseconds for reading V8's samples when that has just been done: nothing is new, and all that is needed is in the caches. */
export function measureAgain({ lookup }, limits) {
  return repeat(limits, () => {
    const start = performance.now();
    lookup('heap').count();
    return performance.now() - start;
  });
}

/** A program that works leaves nothing of the last harvest in them; one that has just collected a small heap would. */
function fillCaches() {
  cached ??= new Uint8Array(CACHED_BYTES);
  for (let i = 0; i < cached.length; i += CACHE_LINE) cached[i]++;
}

/** CPU time of all threads, growth of resident memory, stall of the event loop and length of one heap profile after the other. */
export async function measureProfiles({ lookup }, limits) {
  const takeProfile = () => lookup('heap').toBuffer();
  // The first one is written by code that has never run.
  await takeProfile();
  const rounds = await repeat(limits, async () => {
    await settle();
    const { cpuMillis, peakBytes, result } = await cpuAndPeak(takeProfile);
    await settle();
    // Apart from the CPU time: watching the event loop keeps it busy.
    return { cpuMillis, peakBytes, stallMillis: await longestStall(takeProfile), bytes: result.length };
  });
  return Object.fromEntries(Object.keys(rounds[0]).map((metric) => [metric, rounds.map((round) => round[metric])]));
}

/** What the last one left behind has been collected, as in a service between two profiles. */
async function settle() {
  collectYoung();
  await sleep(20);
}

/** So many times, or as few as a median needs once the time is over. */
async function repeat({ count, millis }, work) {
  const end = performance.now() + millis;
  const results = [];
  while (results.length < count && (results.length < LEAST || performance.now() < end)) results.push(await work());
  return results;
}
