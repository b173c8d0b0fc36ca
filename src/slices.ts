import { setImmediate } from 'node:timers';
import { native } from './binding';
import type { Steps } from './pprof/steps';
import { clock } from './waits/chance';

/** Milliseconds of work in one turn of the event loop. The last step of a slice may make it somewhat longer. */
const SLICE = 1;

interface Job {
  /** Does one step; whether it was the last one. */
  step(): boolean;
}

/** Work under way, the oldest first. Each job is done before the next begins, so that as little as possible is held. */
const jobs: Job[] = [];
let slices = 0;
let longestNanos = 0;
let longestCpuNanos = 0;

/** Does work in slices of about a millisecond, one in each turn of the event loop, however much is asked for at once. */
export function runInSlices<T>(steps: Steps<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const step = (): boolean => {
      try {
        const { done, value } = steps.next();
        if (done) resolve(value);
        return done === true;
      } catch (error) {
        reject(error);
        return true;
      }
    };
    if (jobs.push({ step }) === 1) setImmediate(runSlice);
  });
}

/** The slices' part of stats(). */
export interface SliceStats {
  /** Turns of the event loop in which a profile has been encoded. */
  encodingSlices: number;
  /** How long the longest of them took, in nanoseconds, garbage collections and waiting for a processor included. */
  longestEncodingNanos: number;
  /** CPU time of the thread in the one that took most of it, in nanoseconds. */
  longestEncodingCpuNanos: number;
}

export function sliceStats(): SliceStats {
  return { encodingSlices: slices, longestEncodingNanos: longestNanos, longestEncodingCpuNanos: longestCpuNanos };
}

function runSlice(): void {
  const start = clock();
  const startCpu = native.threadCpuNanos();
  let now = start;
  while (jobs.length > 0 && now - start < SLICE) {
    if (jobs[0]!.step()) jobs.shift();
    now = clock();
  }
  slices++;
  longestNanos = Math.max(longestNanos, (now - start) * 1e6);
  longestCpuNanos = Math.max(longestCpuNanos, native.threadCpuNanos() - startCpu);
  if (jobs.length > 0) setImmediate(runSlice);
}
