import { BucketType, native } from '../binding';
import type { CallSite } from './capture';
import { labelsNumber } from '../labels/label-sets';
import type { Labels } from '../labels/labels';
import { frameNumber, isOwnStack, labelNumber } from './frames';
import type { Sampled } from './sample';

/** Frames kept of each stack, counted from the leaf. */
const MAX_DEPTH = 128;

/* Waits that are this package's own, as those for a profile that is served to be compressed, are not recorded. */

/**
 * A task waited: `sites` is its stack, leaf first; `label` says what for and becomes the leaf, as Go shows
 * runtime.chanrecv1. `labels` are the task's.
 */
export function recordBlock(label: string, sites: readonly CallSite[], sampled: Sampled, labels: Labels | undefined): void {
  recordBlockFrames(label, frameNumbers(sites), sampled, labels);
}

/** The same, of a stack that has been put into numbers before. */
export function recordBlockFrames(
  label: string,
  frames: readonly number[],
  { count, delay }: Sampled,
  labels: Labels | undefined,
): void {
  if (isOwnStack(frames)) return;
  native.recordWait(BucketType.block, Int32Array.from([labelNumber(label), ...frames]), labelsNumber(labels), count, delay);
}

/** The process-wide numbers of a stack's frames, as many as are kept. */
export function frameNumbers(sites: readonly CallSite[]): number[] {
  return sites.slice(0, MAX_DEPTH - 1).map(frameNumber);
}

/** A task with these labels ended the waits of others: at this stack. */
export function recordMutexFrames(frames: readonly number[], { count, delay }: Sampled, labels: Labels | undefined): void {
  if (isOwnStack(frames)) return;
  native.recordWait(BucketType.mutex, Int32Array.from(frames.slice(0, MAX_DEPTH)), labelsNumber(labels), count, delay);
}
