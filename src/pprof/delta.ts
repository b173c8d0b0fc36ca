import type { ProfileRows } from './columns';
import { inSteps, type Steps } from './steps';
import { takeRows } from './take-rows';

/**
 * What happened between two profiles of one kind and process: `after` minus `before`, as Go computes it for
 * `?seconds=N`. Samples are matched by bucket. Buckets are never dropped while the process lives, so every bucket of
 * `before` is in `after`, and one that is only in `after` was 0 before. Samples that did not change are left out;
 * negative values, such as memory that was freed, stay.
 *
 * The result is dated as `after` is and lasts as long as there is between the two. As in Go it has no default sample
 * type.
 */
export function* subtract<T extends ProfileRows>(
  before: Pick<ProfileRows, 'bucket' | 'values' | 'timeNanos'>,
  after: T,
): Steps<T> {
  const width = after.sampleTypes.length;
  const rowBefore = new Map<number, number>();
  yield* inSteps(before.bucket.length, (from, to) => {
    for (let row = from; row < to; row++) rowBefore.set(before.bucket[row]!, row);
  });

  const values = new Float64Array(after.values.length);
  const changed = new Uint32Array(after.bucket.length);
  let count = 0;
  yield* inSteps(after.bucket.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const old = rowBefore.get(after.bucket[row]!);
      let isChanged = false;
      for (let i = 0; i < width; i++) {
        const difference = after.values[row * width + i]! - (old === undefined ? 0 : before.values[old * width + i]!);
        values[row * width + i] = difference;
        isChanged ||= difference !== 0;
      }
      if (isChanged) changed[count++] = row;
    }
  });

  const { defaultSampleType: _, ...delta } = { ...after, values, durationNanos: after.timeNanos - before.timeNanos };
  return yield* takeRows(delta as unknown as T, changed.subarray(0, count));
}
