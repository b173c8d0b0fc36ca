import type { Samples } from './columns';
import { inSteps, type Steps } from './steps';

/**
 * How much each of these rows matters: the largest of its shares of the columns' totals, from 0 to 1. So whichever column
 * a viewer opens, what is large there is large here. Where values are negative, their sizes count.
 */
export function* weighRows({ sampleTypes, values }: Samples, rows: Uint32Array): Steps<Float64Array> {
  const width = sampleTypes.length;
  const totals = new Float64Array(width);
  yield* inSteps(values.length / width, (from, to) => {
    for (let i = from * width; i < to * width; i++) totals[i % width] += Math.abs(values[i]!);
  });
  const weights = new Float64Array(rows.length);
  yield* inSteps(rows.length, (from, to) => {
    for (let i = from; i < to; i++) {
      for (let column = 0; column < width; column++) {
        const share = Math.abs(values[rows[i]! * width + column]!) / totals[column]!;
        // 0 / 0 is no share.
        if (share > weights[i]!) weights[i] = share;
      }
    }
  });
  return weights;
}
