import { BucketType, native, type WaitBuckets } from '../binding';
import type { ProfileColumns } from '../pprof/columns';
import { writeContentionText } from '../pprof/contention-text';
import { blockState, mutexState, waitComments } from '../waits/rates';
import { plainPaths } from './file-paths';
import type { ProfileSource } from './profile';
import { program } from './program';

const SAMPLE_TYPES = [
  { type: 'contentions', unit: 'count' },
  { type: 'delay', unit: 'nanoseconds' },
];

/** The buckets of one kind of wait, with the file names people use. */
export function takeWaits(type: BucketType): WaitBuckets {
  const buckets = native.takeWaitBuckets(type);
  return { ...buckets, symbols: plainPaths(buckets.symbols) };
}

/** Where tasks wait. */
export const block: ProfileSource = {
  name: 'block',
  description: 'Where tasks have waited, and how long, by the call stack that waited.',
  count: () => native.countBuckets(BucketType.block),
  state: blockState,
  columns: () => columnsOf(takeWaits(BucketType.block), (count) => Math.max(1, Math.trunc(count))),
  text: ({ debug }) => textOf('contention', debug, takeWaits(BucketType.block)),
};

/** Who kept them waiting. */
export const mutex: ProfileSource = {
  name: 'mutex',
  description: 'Who has kept tasks waiting, and how long, by the call stack that ended their waits.',
  count: () => native.countBuckets(BucketType.mutex),
  state: mutexState,
  columns: () => columnsOf(takeWaits(BucketType.mutex), Math.trunc),
  text: ({ debug }) => textOf('mutex', debug, takeWaits(BucketType.mutex)),
};

/** Go shows a wait that counts for less than one as one in the block profile, and as none in the mutex profile. */
function columnsOf(buckets: WaitBuckets, whole: (count: number) => number): ProfileColumns {
  const order = Uint32Array.from(buckets.bucket.keys()).sort((a, b) => buckets.delay[b]! - buckets.delay[a]! || a - b);
  const values = new Float64Array(order.length * 2);
  order.forEach((row, i) => {
    values[i * 2] = whole(buckets.count[row]!);
    values[i * 2 + 1] = Math.trunc(buckets.delay[row]!);
  });
  return {
    sampleTypes: SAMPLE_TYPES,
    periodType: { type: 'contentions', unit: 'count' },
    period: 1,
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    durationNanos: 0n,
    program: program(),
    comments: waitComments(),
    symbols: buckets.symbols,
    bucket: order.map((row) => buckets.bucket[row]!),
    stack: order.map((row) => buckets.stack[row]!),
    values,
  };
}

function textOf(kind: 'contention' | 'mutex', debug: number, { symbols, stack, count, delay }: WaitBuckets): string | undefined {
  if (debug <= 0) return undefined;
  return writeContentionText(kind, { symbols, stack, contentions: count.map(Math.trunc), delay: delay.map(Math.trunc) });
}
