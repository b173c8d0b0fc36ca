import { BucketType, native } from '../binding';
import { frameNumber, labelNumber } from './frames';
import type { CallSite } from './capture';

/** Frames kept of each stack, counted from the leaf. */
const MAX_DEPTH = 128;

/**
 * A task waited: `sites` is its stack, leaf first; `label` says what for and becomes the leaf, as Go shows
 * runtime.chanrecv1. `count` and `delay`, in nanoseconds, are estimates already.
 */
export function recordBlock(label: string, sites: readonly CallSite[], count: number, delay: number): void {
  native.recordWait(BucketType.block, Int32Array.from([labelNumber(label), ...sites.slice(0, MAX_DEPTH - 1).map(frameNumber)]), count, delay);
}

/** A task ended the waits of others: `sites` is the stack that did. */
export function recordMutex(sites: readonly CallSite[], count: number, delay: number): void {
  native.recordWait(BucketType.mutex, Int32Array.from(sites.slice(0, MAX_DEPTH), frameNumber), count, delay);
}
