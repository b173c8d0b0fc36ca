import { threadId } from 'node:worker_threads';
import { BucketType, native } from '../binding';
import type { HeapBuckets } from '../native-results';
import type { ProfileRows } from '../pprof/columns';
import { memProfileRate } from '../runtime';
import { inSteps, type Steps } from '../pprof/steps';
import { stats } from '../stats';
import { collectInOthers } from '../threads/collection';
import { withThread } from '../threads/known-threads';
import { estimateHeap, sampledHeap, sizesOfSampled } from './heap-estimates';
import { writeHeapText, type TrailerLine } from './heap-text';
import { lookUpShown } from './encode-rows';
import { profileLimits } from './limits';
import { readMemStats } from './mem-stats';
import type { ProfileSource, Snapshot, TakeOptions } from './profile';
import { program } from './program';
import { ShownByThread } from './shown-by-thread';
import { lookUpStacks } from './stack-symbols';

const SAMPLE_TYPES = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

/** The heap's buckets. What is collected is this thread's garbage, if it is in it. */
export function takeHeap({ gc, thread }: Pick<TakeOptions, 'gc' | 'thread'>): HeapBuckets {
  if (gc && (thread === undefined || thread === threadId)) native.collectGarbage();
  return native.takeHeapBuckets(thread);
}

/** Objects in use. */
export const heap: ProfileSource = {
  name: 'heap',
  description: 'Objects in use as of the last garbage collection, and everything allocated since the start, by call stack.',
  count: () => native.countBuckets(BucketType.heap),
  state: heapState,
  take: (options) => snapshotOf(takeHeap(options), options),
  text: heapText,
  byThread: true,
  refresh: collectInOthers,
  shown: new ShownByThread(),
};

/** The same data; viewers open it with what was allocated. */
export const allocs: ProfileSource = {
  ...heap,
  name: 'allocs',
  description: 'The heap profile, opened on everything allocated since the start, dead objects included.',
  take: (options) => snapshotOf(takeHeap(options), options, { defaultSampleType: 'alloc_space' }),
};

function heapState(): string {
  const { heap: state, memProfileRate: rate } = stats();
  if (state === 'lost') return "lost: somebody else has taken V8's sampler";
  if (state === 'off') return 'off';
  return rate === 1 ? 'on, every allocation' : `on, one sample per ${rate} bytes`;
}

function snapshotOf(buckets: HeapBuckets, { thread }: TakeOptions, header: Partial<ProfileRows> = {}): Snapshot {
  const now = { timeNanos: BigInt(Date.now()) * 1_000_000n, period: memProfileRate(), comments: withThread(thread, comments()), ...header };
  return { rows: () => heapRows(buckets, now), lookUp: lookUpStacks };
}

function* heapRows(
  buckets: HeapBuckets,
  header: Pick<ProfileRows, 'timeNanos' | 'period' | 'comments' | 'defaultSampleType'>,
): Steps<ProfileRows> {
  const sampled = yield* sampledHeap(buckets);
  return {
    sampleTypes: SAMPLE_TYPES,
    periodType: { type: 'space', unit: 'bytes' },
    durationNanos: 0n,
    program: program(),
    bucket: buckets.bucket,
    stack: buckets.stack,
    values: yield* estimateHeap(buckets, sampled),
    bytesLabel: yield* sizesOfSampled(buckets, sampled),
    ...header,
  };
}

/** What a reader has to know to trust the values. Nothing, usually. */
function comments(): string[] {
  const { observedShare, overflowedSamples } = stats();
  const lines = [];
  if (observedShare < 1) lines.push(`${(observedShare * 100).toFixed(0)}% of the samples were observed; allocations of the others are estimated`);
  if (overflowedSamples > 0) lines.push(`${overflowedSamples} samples are counted under (overflow): the tables are full`);
  return lines;
}

function heapText({ gc, thread, debug, limited }: TakeOptions & { debug: number; limited: boolean }): Steps<Uint8Array[]> | undefined {
  if (debug === 0) return undefined;
  const memStats = readMemStats();
  return textOf(takeHeap({ gc, thread }), memProfileRate(), memStats, limited);
}

function* textOf(
  buckets: HeapBuckets,
  currentRate: number,
  memStats: readonly TrailerLine[],
  limited: boolean,
): Steps<Uint8Array[]> {
  const sampled = yield* sampledHeap(buckets);
  // What is counted under (other) differs in size, and is not to be unsampled together.
  const isCut = limited && buckets.bucket.length > profileLimits().samples;
  const isRaw = !isCut && (yield* areAllSampledAt(currentRate, buckets));
  const values = isRaw ? sampled : yield* estimateHeap(buckets, sampled);
  const rows = { sampleTypes: SAMPLE_TYPES, bucket: buckets.bucket, stack: buckets.stack, values };
  const records = yield* lookUpShown(rows, lookUpStacks, limited);
  return yield* writeHeapText({ ...records, rate: isRaw ? currentRate : 1 }, memStats);
}

/**
 * The text lists what was sampled, and its readers unsample with the one rate in its header. That works while every
 * count is a whole number sampled at the present rate; otherwise the text lists estimates, as sampled at rate 1.
 */
function* areAllSampledAt(current: number, { rate, unseen }: HeapBuckets): Steps<boolean> {
  let all = true;
  yield* inSteps(rate.length, (from, to) => {
    for (let row = from; row < to; row++) all &&= rate[row] === current && unseen[row] === 0;
  });
  return all;
}
