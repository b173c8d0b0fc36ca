import type { LabelColumns, Symbols } from './columns';
import { labelLines } from './label-text';
import { sortRows } from './sort-rows';
import { StackText } from './stack-text';
import type { Steps } from './steps';
import { commentLines, textChunks } from './text-chunks';

/** The records of a block or mutex profile, one row for each stack and set of labels. */
export interface ContentionRecords {
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  /** Whole numbers. */
  contentions: Float64Array;
  /** Nanoseconds, whole numbers. */
  delay: Float64Array;
  /** Absent where no record has any. */
  labels?: LabelColumns | undefined;
  /** What a reader has to know, in lines below the header. */
  comments?: readonly string[];
}

/**
 * Writes Go's text form of a block or mutex profile in chunks to be put in a row, the longest delay first. A cycle is a
 * nanosecond here. Mutex records are scaled when they are taken, so their sampling period is 1: readers would multiply by
 * it.
 */
export function* writeContentionText(
  kind: 'contention' | 'mutex',
  { symbols, stack, contentions, delay, labels, comments }: ContentionRecords,
): Steps<Uint8Array[]> {
  const stacks = new StackText(symbols);
  const labelLine = labelLines(labels);
  const head = `--- ${kind}:\ncycles/second=1000000000\n${kind === 'mutex' ? 'sampling period=1\n' : ''}${commentLines(comments)}`;
  const record = (i: number): string =>
    `${delay[i]} ${contentions[i]} @ ${stacks.addresses(stack[i]!)}\n${labelLine(i)}${stacks.lines(stack[i]!)}\n`;
  return yield* textChunks(head, yield* sortRows(delay), record);
}
