import { BucketType, native, type WaitBuckets } from '../binding';
import type { ProfileRows } from '../pprof/columns';
import { writeContentionText } from '../pprof/contention-text';
import { sortRows } from '../pprof/sort-rows';
import { inSteps, type Steps } from '../pprof/steps';
import { withThread } from '../threads/known-threads';
import { blockState, mutexState, waitComments } from '../waits/rates';
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
  const order = yield* sortRows(buckets.delay);
  const values = new Float64Array(order.length * 2);
  yield* inSteps(order.length, (from, to) => {
    for (let i = from; i < to; i++) {
      values[i * 2] = whole(buckets.count[order[i]!]!);
      values[i * 2 + 1] = Math.trunc(buckets.delay[order[i]!]!);
    }
  });
  const labels = yield* lookUpLabels(order.map((row) => buckets.labels[row]!));
  return {
    sampleTypes: SAMPLE_TYPES,
    periodType: { type: 'contentions', unit: 'count' },
    period: 1,
    durationNanos: 0n,
    program: program(),
    bucket: order.map((row) => buckets.bucket[row]!),
    stack: order.map((row) => buckets.stack[row]!),
    values,
    ...(labels && { labels }),
    ...header,
  };
}

function* textOf(kind: 'contention' | 'mutex', buckets: WaitBuckets, limited: boolean): Steps<Uint8Array[]> {
  const rows = yield* waitRows(buckets, Math.trunc, { timeNanos: 0n, comments: [] });
  const { symbols, stack, values, labels, comments } = yield* lookUpShown(rows, lookUpStacks, limited);
  return yield* writeContentionText(kind, {
    symbols,
    stack,
    labels,
    comments,
    contentions: values.filter((_, i) => i % 2 === 0),
    delay: values.filter((_, i) => i % 2 === 1),
  });
}
