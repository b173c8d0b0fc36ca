import { BucketType, native } from '../binding';
import type { CallSite } from './capture';
import { frameNumber, labelNumber } from './frames';
import type { Sampled } from './sample';

/** Frames kept of each stack, counted from the leaf. */
const MAX_DEPTH = 128;

/**
 * A task waited: `sites` is its stack, leaf first; `label` says what for and becomes the leaf, as Go shows
 * runtime.chanrecv1.
 */
export function recordBlock(label: string, sites: readonly CallSite[], sampled: Sampled): void {
  recordBlockFrames(label, frameNumbers(sites), sampled);
}

/** The same, of a stack that has been put into numbers before. */
export function recordBlockFrames(label: string, frames: readonly number[], { count, delay }: Sampled): void {
  native.recordWait(BucketType.block, Int32Array.from([labelNumber(label), ...frames]), count, delay);
}

/** The process-wide numbers of a stack's frames, as many as are kept. */
export function frameNumbers(sites: readonly CallSite[]): number[] {
  return sites.slice(0, MAX_DEPTH - 1).map(frameNumber);
}

/** A task ended the waits of others, for so many nanoseconds: at this stack. Count and delay are estimates. */
export function recordMutexFrames(frames: readonly number[], count: number, delay: number): void {
  native.recordWait(BucketType.mutex, Int32Array.from(frames.slice(0, MAX_DEPTH)), count, delay);
}
