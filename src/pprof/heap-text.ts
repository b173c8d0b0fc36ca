import type { Symbols } from './columns';
import { sortRows } from './sort-rows';
import { StackText } from './stack-text';
import type { Steps } from './steps';
import { commentLines, textChunks } from './text-chunks';

/** The records of a heap profile, one row for each stack and object size. All numbers are whole. */
export interface HeapRecords {
  /**
   * Sampling rate in bytes at which all records were taken: readers scale the numbers up by it. When records were taken
   * at several rates it is 1, which readers take as it is, and the numbers are scaled already.
   */
  rate: number;
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  inuseObjects: Float64Array;
  inuseBytes: Float64Array;
  allocObjects: Float64Array;
  allocBytes: Float64Array;
  /** What a reader has to know, in lines below the header. */
  comments?: readonly string[];
}

/** A line of the trailer, printed as `# KEY = VALUE`. */
export type TrailerLine = readonly [key: string, value: string];

/**
 * Writes Go's text form of a heap profile in chunks to be put in a row, which people and `go tool pprof` can read, with `trailer` as its
 * `# runtime.MemStats`. Records come by bytes in use, the largest first; those of equal bytes keep their order.
 */
export function* writeHeapText(records: HeapRecords, trailer: readonly TrailerLine[]): Steps<Uint8Array[]> {
  const { stack, inuseObjects, inuseBytes, allocObjects, allocBytes } = records;
  const stacks = new StackText(records.symbols);
  const record = (i: number): string => {
    const numbers = `${inuseObjects[i]}: ${inuseBytes[i]} [${allocObjects[i]}: ${allocBytes[i]}]`;
    return `${numbers} @ ${stacks.addresses(stack[i]!)}\n${stacks.lines(stack[i]!)}\n`;
  };
  const tail = ['\n# runtime.MemStats\n', ...trailer.map(([key, value]) => `# ${key} = ${value}\n`)].join('');
  return yield* textChunks(header(records), yield* sortRows(inuseBytes), record, tail);
}

function header({ rate, comments, inuseObjects, inuseBytes, allocObjects, allocBytes }: HeapRecords): string {
  const inuse = sum(inuseBytes);
  const alloc = sum(allocBytes);
  // Equal sums make readers take the profile for one without alloc columns, which then does not merge with others.
  const allocShown = alloc === inuse ? alloc + 1 : alloc;
  // Twice the rate: what early heap profilers printed, and what readers expect ever since.
  return `heap profile: ${sum(inuseObjects)}: ${inuse} [${sum(allocObjects)}: ${allocShown}] @ heap/${2 * rate}\n${commentLines(comments)}`;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
