import { inSteps, type Steps } from '../pprof/steps';
import { sortRows } from '../pprof/sort-rows';
import { commentLines } from '../pprof/text-chunks';
import { writeRecords, type TextRecords } from './record-text';

/**
 * Writes Go's text form of a block or mutex profile in chunks to be put in a row, the longest delay first. A record, one
 * for each stack and set of labels, has two values: how often was waited, and how long, in nanoseconds. A cycle is a
 * nanosecond here. Mutex records are scaled when they are taken, so their sampling period is 1: readers would multiply by
 * it.
 */
export function* writeContentionText(kind: 'contention' | 'mutex', records: TextRecords): Steps<Uint8Array[]> {
  const head = `--- ${kind}:\ncycles/second=1000000000\n${kind === 'mutex' ? 'sampling period=1\n' : ''}${commentLines(records.comments)}`;
  const delay = new Float64Array(records.stack.length);
  yield* inSteps(delay.length, (from, to) => {
    for (let row = from; row < to; row++) delay[row] = records.values[2 * row + 1]!;
  });
  return yield* writeRecords(head, '%1 %0', yield* sortRows(delay), records);
}
