import { native } from './binding';
import { sliceStats, type SliceStats } from './slices';
import { isStarted, memProfileRate } from './runtime';
import { sourceStats, type SourceStats } from './sources/places';
import { waitStats, type WaitStats } from './waits/rates';

/** What the profiler knows about itself. */
export interface Stats extends WaitStats, SliceStats, SourceStats {
  /**
   * `off`: not started, or at rate 0. `running`: samples are taken. `lost`: somebody else has stopped V8's sampler, or
   * restarted it for themselves; the profile stays as it was then, until stop() and start().
   */
  heap: 'off' | 'running' | 'lost';
  /** Bytes between samples. */
  memProfileRate: number;
  /** Sampled objects that are in use as far as is known. */
  liveSamples: number;
  /** Objects sampled on this thread since the first start. */
  samples: number;
  /**
   * Of these, the ones that died in a garbage collection that was not harvested. 0 as long as the budget suffices, but
   * for collections that V8 runs in the midst of a harvest, as may happen when a script is in a profile for the first time.
   */
  unseenSamples: number;
  /**
   * How many samples have been added to allocation counts for the unseen ones: an unbiased estimate of unseenSamples,
   * drawn towards it.
   */
  attributedSamples: number;
  /** Share of the samples that was seen: 1 - unseenSamples / samples. */
  observedShare: number;
  /** Garbage collections while it was running. */
  collections: number;
  /** Of these, the ones before which samples were read. */
  harvests: number;
  /** Of these, the ones before which they were not, to stay within allocsBudget. */
  skippedHarvests: number;
  /** CPU time of all harvests, in nanoseconds. */
  harvestNanos: number;
  /** Of that, what V8 took to copy its samples and to release the copy. */
  harvestCopyNanos: number;
  /** CPU time of the longest one, in nanoseconds: as long as the thread waits for it, unless the machine is busy. */
  longestHarvestNanos: number;
  /** What 99 in 100 of them did not exceed, to within an eighth. */
  p99HarvestNanos: number;
  /** Probability that the next collection is harvested, but for runs of two; 1 while every one is. */
  harvestChance: number;
  /** Profiles that dumpNearHeapLimit() has written on this thread, and those it could not write. */
  heapLimitDumps: number;
  failedHeapLimitDumps: number;
  /** Rows of the process's tables. None is ever removed. */
  buckets: number;
  strings: number;
  frames: number;
  stackNodes: number;
  /** Rows kept of what single threads have counted, other than the main one. Those of threads that have ended are one thread's. */
  threadRows: number;
  /** Samples and waits of other threads that a profile of the main one has, because there was no room for such rows. */
  lostByThread: number;
  /** Memory that these tables take, in bytes: at most 67108864, however many functions, stacks, sizes and threads there are. */
  tableBytes: number;
  /**
   * Memory that sampling takes on this thread besides V8's own, in bytes: about a hundred for each object in liveSamples, as many
   * for each bucket where samples go unseen, and fifty for each of V8's nodes that is remembered, some 65,536 at a time.
   */
  samplerBytes: number;
  /** Sampled objects counted under `(overflow)` because a table was full. */
  overflowedSamples: number;
}

/** Counters of this thread's sampler and of the process-wide tables. */
export function stats(): Stats {
  const { running, lost, ...counters } = native.getStats();
  const { samples, unseenSamples } = counters;
  return {
    heap: !isStarted() || memProfileRate() === 0 ? 'off' : running && !lost ? 'running' : 'lost',
    memProfileRate: memProfileRate(),
    observedShare: samples === 0 ? 1 : 1 - unseenSamples / samples,
    ...counters,
    ...waitStats(),
    ...sliceStats(),
    ...sourceStats(),
  };
}
