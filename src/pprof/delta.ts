import type { ProfileColumns } from './columns';
import { pruneSymbols } from './prune-symbols';

/**
 * What happened between two profiles of one kind and process: `after` minus `before`, as Go computes it for
 * `?seconds=N`. Samples are matched by bucket. Buckets are never dropped while the process lives, so every bucket of
 * `before` is in `after`, and one that is only in `after` was 0 before. Samples that did not change are left out;
 * negative values, such as memory that was freed, stay.
 *
 * The result is dated as `after` is and lasts as long as there is between the two. As in Go it has no default sample
 * type. Symbols that only unchanged samples refer to are dropped: they would be nearly all of a short window's bytes.
 */
export function subtract(before: ProfileColumns, after: ProfileColumns): ProfileColumns {
  const width = after.sampleTypes.length;
  const rowBefore = new Map<number, number>();
  before.bucket.forEach((bucket, row) => rowBefore.set(bucket, row));

  const values = after.values.slice();
  const changed = new Uint32Array(after.bucket.length);
  let count = 0;
  for (let row = 0; row < after.bucket.length; row++) {
    const old = rowBefore.get(after.bucket[row]!);
    let isChanged = false;
    for (let i = 0; i < width; i++) {
      const difference = after.values[row * width + i]! - (old === undefined ? 0 : before.values[old * width + i]!);
      // Rows only ever move towards the front, so no value is overwritten before it is read.
      values[count * width + i] = difference;
      isChanged ||= difference !== 0;
    }
    if (isChanged) changed[count++] = row;
  }

  const rows = changed.subarray(0, count);
  const { defaultSampleType: _, bytesLabel, labels, ...header } = after;
  return {
    ...header,
    durationNanos: after.timeNanos - before.timeNanos,
    ...pruneSymbols(
      after.symbols,
      rows.map((row) => after.stack[row]!),
    ),
    bucket: rows.map((row) => after.bucket[row]!),
    values: values.slice(0, count * width),
    ...(bytesLabel && { bytesLabel: Float64Array.from(rows, (row) => bytesLabel[row]!) }),
    ...(labels && { labels: { sets: labels.sets, set: rows.map((row) => labels.set[row]!) } }),
  };
}
