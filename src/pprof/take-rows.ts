import type { Samples } from './columns';
import { inSteps, type Steps } from './steps';

/** The samples in these rows, in this order. Symbols, if there are any, stay as they are. */
export function* takeRows<T extends Samples>(profile: T, rows: Uint32Array): Steps<T> {
  const { sampleTypes, bucket, stack, values, bytesLabel, labels } = profile;
  const width = sampleTypes.length;
  const count = rows.length;
  const taken = {
    bucket: new Uint32Array(count),
    stack: new Uint32Array(count),
    values: new Float64Array(count * width),
    ...(bytesLabel && { bytesLabel: new Float64Array(count) }),
    ...(labels && { labels: { sets: labels.sets, set: new Uint32Array(count) } }),
  };
  yield* inSteps(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      taken.bucket[i] = bucket[row]!;
      taken.stack[i] = stack[row]!;
      for (let column = 0; column < width; column++) taken.values[i * width + column] = values[row * width + column]!;
      if (bytesLabel) taken.bytesLabel![i] = bytesLabel[row]!;
      if (labels) taken.labels!.set[i] = labels.set[row]!;
    }
  });
  return { ...profile, ...taken };
}
