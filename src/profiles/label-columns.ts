import { parseLabels } from '../labels/label-sets';
import type { LabelColumns } from '../pprof/columns';
import { inSteps, type Steps } from '../pprof/steps';
import { lookUpStrings, stringNumbers } from './stack-symbols';

/** Looks up the labels of samples by their numbers; undefined where no sample has any. */
export function* lookUpLabels(numbers: Uint32Array): Steps<LabelColumns | undefined> {
  const rows = stringNumbers();
  const set = new Uint32Array(numbers.length);
  yield* inSteps(numbers.length, (from, to) => rows.replace(numbers, from, to, set));
  const setNumbers = rows.numbers();
  if (setNumbers.length === 1) return undefined;
  const { bytes, start } = yield* lookUpStrings(setNumbers);
  const decoder = new TextDecoder();
  const sets = new Array<Readonly<Record<string, string>>>(setNumbers.length);
  yield* inSteps(sets.length, (from, to) => {
    for (let row = from; row < to; row++) sets[row] = parseLabels(decoder.decode(bytes.subarray(start[row]!, start[row + 1]!)));
  });
  return { sets, set };
}
