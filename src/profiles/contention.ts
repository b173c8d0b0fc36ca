import { BucketType, native } from '../binding';
import type { WaitBuckets } from '../native-results';
import type { ProfileRows } from '../pprof/columns';
import { sortRows } from '../pprof/sort-rows';
import { inSteps, type Steps } from '../pprof/steps';
import { takeRows } from '../pprof/take-rows';
import { withThread } from '../threads/known-threads';
import { blockState, mutexState, waitComments } from '../waits/rates';
import { writeContentionText } from './contention-text';
import { lookUpShown } from './encode-rows';
import { lookUpLabels } from './label-columns';
import type { ProfileSource, Snapshot } from './profile';
import { program } from './program';
import { ShownByThread } from './shown-by-thread';
import { lookUpStacks } from './stack-symbols';

const SAMPLE_TYPES = [
  { type: 'contentions', unit: 'count' },
  { type: 'delay', unit: 'nanoseconds' },
];

/** Where tasks wait. */
export const block: ProfileSource = {
  name: 'block',
  description: 'Where tasks have waited, and how long, by the call stack that waited.',
  count: () => native.countBuckets(BucketType.block),
  state: blockState,
  take: ({ thread }) => snapshotOf(BucketType.block, thread, (count) => Math.max(1, Math.trunc(count))),
  text: ({ debug, limited, thread }) => (debug <= 0 ? undefined : textOf('contention', native.takeWaitBuckets(BucketType.block, thread), limited)),
  byThread: true,
  shown: new ShownByThread(),
};

/** Who kept them waiting. */
export const mutex: ProfileSource = {
  name: 'mutex',
  description: 'Who has kept tasks waiting, and how long, by the call stack that ended their waits.',
  count: () => native.countBuckets(BucketType.mutex),
  state: mutexState,
  take: ({ thread }) => snapshotOf(BucketType.mutex, thread, Math.trunc),
  text: ({ debug, limited, thread }) => (debug <= 0 ? undefined : textOf('mutex', native.takeWaitBuckets(BucketType.mutex, thread), limited)),
  byThread: true,
  shown: new ShownByThread(),
};

/** Go shows a wait that counts for less than one as one in the block profile, and as none in the mutex profile. */
function snapshotOf(type: BucketType, thread: number | undefined, whole: (count: number) => number): Snapshot {
  const buckets = native.takeWaitBuckets(type, thread);
  const now = { timeNanos: BigInt(Date.now()) * 1_000_000n, comments: withThread(thread, waitComments()) };
  return { rows: () => waitRows(buckets, whole, now), lookUp: lookUpStacks };
}

/** The longest delay first. */
function* waitRows(
  buckets: WaitBuckets,
  whole: (count: number) => number,
  header: Pick<ProfileRows, 'timeNanos' | 'comments'>,
): Steps<ProfileRows> {
  const { bucket, stack, count, delay } = buckets;
  const values = new Float64Array(bucket.length * 2);
  yield* inSteps(bucket.length, (from, to) => {
    for (let row = from; row < to; row++) {
      values[row * 2] = whole(count[row]!);
      values[row * 2 + 1] = Math.trunc(delay[row]!);
    }
  });
  const labels = yield* lookUpLabels(buckets.labels);
  const rows = {
    sampleTypes: SAMPLE_TYPES,
    periodType: { type: 'contentions', unit: 'count' },
    period: 1,
    durationNanos: 0n,
    program: program(),
    bucket,
    stack,
    values,
    ...(labels && { labels }),
    ...header,
  };
  return yield* takeRows(rows, yield* sortRows(delay));
}

function* textOf(kind: 'contention' | 'mutex', buckets: WaitBuckets, limited: boolean): Steps<Uint8Array[]> {
  const rows = yield* waitRows(buckets, Math.trunc, { timeNanos: 0n, comments: [] });
  return yield* writeContentionText(kind, yield* lookUpShown(rows, lookUpStacks, limited));
}
