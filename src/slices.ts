import { setImmediate } from 'node:timers';
import { native } from './binding';
import type { Steps, Wait } from './pprof/steps';
import { clock } from './waits/chance';

/** Milliseconds of work in one turn of the event loop. The last step of a slice may make it somewhat longer. */
const SLICE = 1;

interface Job {
  /** Does one step; whether it was the last one, or what the next one has to wait for. */
  step(): boolean | Wait;
  /** To be called when it is done. */
  end(): void;
}

/** Work under way, the oldest first. Each job is done before the next begins, so that as little as possible is held. */
const jobs: Job[] = [];
/** Work that has to wait for something. */
const waiting = new Set<Job>();
/** Whether a slice is to come. */
let scheduled = false;
let slices = 0;
let longestNanos = 0;
let longestCpuNanos = 0;

/**
 * Does work in slices of about a millisecond, one in each turn of the event loop, however much is asked for at once. When
 * the signal aborts, what is left of it is dropped, with the data it holds, and the promise rejects with the signal's reason.
 */
export function runInSlices<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const step = (): boolean | Wait => {
      try {
        const { done, value } = steps.next();
        if (!done) return value ?? false;
        resolve(value);
        return true;
      } catch (error) {
        reject(error);
        return true;
      }
    };
    const drop = (): void => {
      waiting.delete(job);
      const place = jobs.indexOf(job);
      if (place >= 0) jobs.splice(place, 1);
      steps.return(undefined as never);
      reject(signal!.reason);
    };
    const job = { step, end: () => signal?.removeEventListener('abort', drop) };
    signal?.addEventListener('abort', drop, { once: true });
    jobs.push(job);
    schedule();
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

function schedule(): void {
  if (scheduled || jobs.length === 0) return;
  scheduled = true;
  setImmediate(runSlice);
}

/** Others come first meanwhile. */
function suspend(job: Job, wait: Wait): void {
  waiting.add(job);
  const goOn = (): void => {
    if (!waiting.delete(job)) return;
    jobs.push(job);
    schedule();
  };
  // Whatever happens, there is a profile.
  const until = async (): Promise<void> => wait.until();
  until().then(goOn, goOn);
}

function runSlice(): void {
  scheduled = false;
  // All there was may have been dropped.
  if (jobs.length === 0) return;
  const start = clock();
  const startCpu = native.threadCpuNanos();
  let now = start;
  while (jobs.length > 0 && now - start < SLICE) {
    const outcome = jobs[0]!.step();
    if (outcome === true) jobs.shift()!.end();
    else if (outcome !== false) suspend(jobs.shift()!, outcome);
    now = clock();
  }
  slices++;
  longestNanos = Math.max(longestNanos, (now - start) * 1e6);
  longestCpuNanos = Math.max(longestCpuNanos, native.threadCpuNanos() - startCpu);
  schedule();
}
