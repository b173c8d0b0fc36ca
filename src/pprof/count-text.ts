import type { LabelColumns, Symbols } from './columns';
import { labelLines } from './label-text';
import { StackText } from './stack-text';
import type { Steps } from './steps';
import { commentLines, textChunks } from './text-chunks';

/** The records of a profile that counts stacks, in the order to be written. */
export interface CountRecords {
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  /** Whole numbers. */
  count: Float64Array;
  /** Absent where no record has any. */
  labels?: LabelColumns | undefined;
  /** What a reader has to know, in lines below the header. */
  comments?: readonly string[];
}

/**
 * Writes Go's text form of a goroutine, threadcreate or custom profile in chunks to be put in a row. `go tool pprof` reads
 * it unless there is a space in the name.
 */
export function* writeCountText(name: string, { symbols, stack, count, labels, comments }: CountRecords): Steps<Uint8Array[]> {
  const stacks = new StackText(symbols);
  const total = count.reduce((sum, value) => sum + value, 0);
  const labelLine = labelLines(labels);
  const record = (i: number): string =>
    `${count[i]} @ ${stacks.addresses(stack[i]!)}\n${labelLine(i)}${stacks.lines(stack[i]!)}\n`;
  const head = `${name.replace(/[\n\r]/g, ' ')} profile: total ${total}\n${commentLines(comments)}`;
  return yield* textChunks(head, Uint32Array.from(stack.keys()), record);
}
