import { sortRows } from '../pprof/sort-rows';
import { inSteps, type Steps } from '../pprof/steps';
import { commentLines } from '../pprof/text-chunks';
import { writeRecords, type TextRecords } from './record-text';

/**
 * The records of a heap profile, one row for each stack and object size. Values are in Go's order: allocated objects and
 * bytes, objects and bytes in use.
 */
export interface HeapRecords extends Omit<TextRecords, 'labels'> {
  /**
   * Sampling rate in bytes at which all records were taken: readers scale the numbers up by it. When records were taken
   * at several rates it is 1, which readers take as it is, and the numbers are scaled already.
   */
  rate: number;
}

/** A line of the trailer, printed as `# KEY = VALUE`. */
export type TrailerLine = readonly [key: string, value: string];

/**
 * Writes Go's text form of a heap profile in chunks to be put in a row, which people and `go tool pprof` can read, with `trailer` as its
 * `# runtime.MemStats`. Records come by bytes in use, the largest first; those of equal bytes keep their order.
 */
export function* writeHeapText(records: HeapRecords, trailer: readonly TrailerLine[]): Steps<Uint8Array[]> {
  const inuseBytes = new Float64Array(records.stack.length);
  const sums: Totals = [0, 0, 0, 0];
  yield* inSteps(inuseBytes.length, (from, to) => takeColumns(records.values, from, to, inuseBytes, sums));
  const tail = ['\n# runtime.MemStats\n', ...trailer.map(([key, value]) => `# ${key} = ${value}\n`)].join('');
  return yield* writeRecords(header(records, sums), '%2: %3 [%0: %1]', yield* sortRows(inuseBytes), records, tail);
}

/** Sums of the values, in their order. */
type Totals = [number, number, number, number];

function takeColumns(values: Float64Array, from: number, to: number, inuseBytes: Float64Array, sums: Totals): void {
  for (let row = from; row < to; row++) {
    for (let column = 0; column < sums.length; column++) sums[column]! += values[row * sums.length + column]!;
    inuseBytes[row] = values[row * sums.length + 3]!;
  }
}

function header({ rate, comments }: HeapRecords, [allocObjects, alloc, inuseObjects, inuse]: Totals): string {
  // Equal sums make readers take the profile for one without alloc columns, which then does not merge with others.
  const allocShown = alloc === inuse ? alloc + 1 : alloc;
  // Twice the rate: what early heap profilers printed, and what readers expect ever since.
  return `heap profile: ${inuseObjects}: ${inuse} [${allocObjects}: ${allocShown}] @ heap/${2 * rate}\n${commentLines(comments)}`;
}
