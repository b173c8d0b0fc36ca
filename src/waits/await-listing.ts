import { native } from '../binding';
import { StackCapture } from './capture';
import { clock, random } from './chance';
import { isOwnStack } from './frames';
import { frameNumbers } from './record';
import type { PendingAwait } from './wait-recorder';
import { waiterProbe } from './waiter-probe';

/** All awaits of this thread. */
export interface AwaitListing {
  awaits: PendingAwait[];
  /** One in so many has been looked at, and stands for the others. */
  every: number;
  /** How long it has taken, and nothing else was done. */
  nanos: number;
}

/** Promises whose waiters are looked up, at some 10 microseconds each. */
const MAX_PROMISES = 20_000;

let capture: StackCapture | undefined;
let longest = 0;

/**
 * Lists the pending awaits of async functions, but for those of this package. An await of a then(), of a race, or of what
 * an async function returns counts for each promise on the way to what it waits for: nothing tells those from promises that
 * are awaited.
 *
 * @param waitsFor when the waits for a promise began, as far as that is known
 */
export function listAwaits(waitsFor: (promise: object) => number[]): AwaitListing {
  const start = clock();
  capture ??= new StackCapture();
  const waiterOf = waiterProbe(capture);
  const promises = native.listWaitedForPromises();
  const every = Math.max(1, Math.ceil(promises.length / MAX_PROMISES));
  const awaits: PendingAwait[] = [];
  for (const promise of promises) {
    if (random() * every >= 1) continue;
    const frames = frameNumbers(waiterOf(promise));
    if (frames.length > 0 && !isOwnStack(frames)) awaits.push({ frames, count: every, began: waitsFor(promise)[0], labels: undefined, identity: promise });
  }
  const nanos = (clock() - start) * 1e6;
  longest = Math.max(longest, nanos);
  return { awaits, every, nanos };
}

/** How long the longest listing has stopped the thread, in nanoseconds. */
export function longestListing(): number {
  return longest;
}
