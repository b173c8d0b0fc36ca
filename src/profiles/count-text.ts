import { inSteps, type Steps } from '../pprof/steps';
import { commentLines } from '../pprof/text-chunks';
import { writeRecords, type TextRecords } from './record-text';

/**
 * Writes Go's text form of a goroutine, threadcreate or custom profile in chunks to be put in a row, the records in their
 * order. The value of each is how many there are. `go tool pprof` reads the text unless there is a space in the name.
 */
export function* writeCountText(name: string, records: TextRecords): Steps<Uint8Array[]> {
  const order = new Uint32Array(records.stack.length);
  let total = 0;
  yield* inSteps(order.length, (from, to) => {
    for (let row = from; row < to; row++) {
      order[row] = row;
      total += records.values[row]!;
    }
  });
  const head = `${name.replace(/[\n\r]/g, ' ')} profile: total ${total}\n${commentLines(records.comments)}`;
  return yield* writeRecords(head, '%0', order, records);
}
