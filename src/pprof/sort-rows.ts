import { inSteps, type Steps } from './steps';

/** Runs of this many rows are sorted at once; longer ones are merged. */
const RUN = 128;

/** The rows of `keys` by their key, the largest first; rows of equal keys keep their order. */
export function sortRows(keys: Float64Array): Steps<Uint32Array> {
  return sortRowsBy(keys.length, (a, b) => keys[b]! - keys[a]!);
}

/** So many rows in the order that `compare` gives them; rows for which it gives 0 keep theirs. */
export function* sortRowsBy(count: number, compare: (a: number, b: number) => number): Steps<Uint32Array> {
  let rows = new Uint32Array(count);
  let merged = new Uint32Array(count);
  yield* inSteps(count, (from, to) => {
    for (let row = from; row < to; row++) rows[row] = row;
    rows.subarray(from, to).sort((a, b) => compare(a, b) || a - b);
  }, RUN);
  for (let length = RUN; length < count; length *= 2) {
    let [left, right, middle, end] = [0, 0, 0, 0];
    yield* inSteps(count, (from, to) => {
      for (let i = from; i < to; i++) {
        if (i === end) [left, right, middle, end] = [i, Math.min(i + length, count), Math.min(i + length, count), Math.min(i + 2 * length, count)];
        const takeLeft = left < middle && (right === end || compare(rows[left]!, rows[right]!) <= 0);
        merged[i] = takeLeft ? rows[left++]! : rows[right++]!;
      }
    }, 8 * RUN);
    [rows, merged] = [merged, rows];
  }
  return rows;
}
