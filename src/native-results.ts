import type { Symbols } from './pprof/columns';

/* What the native part answers with, mostly as columns of equal length. */

/** All heap buckets of the process, newest first; raw counts of sampled objects. */
export interface HeapBuckets {
  /** Identity of each bucket, the same for as long as the process lives. Newer ones have larger numbers. */
  bucket: Uint32Array;
  /** Number of each bucket's stack. */
  stack: Uint32Array;
  /** Bytes of the first object counted; the others differ by an eighth at most. 0 for the overflow bucket. */
  size: Float64Array;
  /** Sampling rate of the counts, in bytes; 1 where they are estimates already. */
  rate: Float64Array;
  allocs: Float64Array;
  frees: Float64Array;
  allocBytes: Float64Array;
  freeBytes: Float64Array;
  /** Estimate of the samples that were taken and lost unseen: to be added to allocs and frees alike. */
  unseen: Float64Array;
  unseenBytes: Float64Array;
  /** Variance of allocs + unseen beyond that of sampling objects at the rate. */
  variance: Float64Array;
}

/** Counters of this thread's sampler and of the process's tables. */
export interface NativeStats {
  running: boolean;
  lost: boolean;
  liveSamples: number;
  samples: number;
  unseenSamples: number;
  attributedSamples: number;
  collections: number;
  harvests: number;
  skippedHarvests: number;
  harvestNanos: number;
  harvestCopyNanos: number;
  longestHarvestNanos: number;
  p99HarvestNanos: number;
  harvestChance: number;
  heapLimitDumps: number;
  failedHeapLimitDumps: number;
  buckets: number;
  overflowedSamples: number;
  /** Rows kept of what threads other than the main one have counted, and events for which there was no room. */
  threadRows: number;
  lostByThread: number;
  strings: number;
  frames: number;
  stackNodes: number;
  tableBytes: number;
  samplerBytes: number;
}

/** Garbage collections of this thread while it was sampled; rings of the last 256. */
export interface GcLog {
  collections: number;
  forced: number;
  totalPauseNanos: number;
  pauseNanos: Float64Array;
  pauseEnd: bigint[];
}

/** All buckets of one kind of wait, newest first. */
export interface WaitBuckets {
  bucket: Uint32Array;
  stack: Uint32Array;
  /** Number of the labels of who waited or ended the waits; 0 for none. */
  labels: Uint32Array;
  /** Waits, as estimated when they were recorded. */
  count: Float64Array;
  /** Nanoseconds. */
  delay: Float64Array;
}

/** A sample of the promises that are waited for. */
export interface PendingAwaitColumns {
  /** One may be there several times. */
  promises: object[];
  labels: (object | undefined)[];
  /** How many each of them stands for. */
  weights: Float64Array;
}

/** What a thread has done in a window of the CPU profiler, a row for each sample of its stack, in order. In nanoseconds. */
export interface ThreadSamples {
  /** The thread's number: what threadId of node:worker_threads is in it. */
  thread: number;
  /** Stack row of each sample; IDLE where the thread had nothing to do. */
  stack: Uint32Array;
  /** When it was taken, by native.monotonicNanos(). */
  time: Float64Array;
  /** CPU time the thread had used by then, since the beginning of the window. */
  cpu: Float64Array;
  /** How long the thread has taken part. */
  duration: number;
  /** CPU time it has used then. */
  totalCpu: number;
  /** Whether it has used labels up to then. */
  hasLabels: boolean;
}

/** What threads have done in a window. */
export interface CpuSamples {
  symbols: Symbols;
  /** By their numbers. */
  threads: ThreadSamples[];
  /** How many threads more have not told, or were refused it by V8 or the system. */
  missing: number;
  /** How many more have ended, when those that had ended before took all the memory there is for them. */
  dropped: number;
}
