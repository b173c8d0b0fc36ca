import type { LabelColumns, Symbols } from './columns';
import { labelLine } from './label-text';
import { StackText } from './stack-text';

/** The records of a profile that counts stacks, in the order to be written. */
export interface CountRecords {
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  /** Whole numbers. */
  count: Float64Array;
  /** Absent where no record has any. */
  labels?: LabelColumns | undefined;
}

/**
 * Writes Go's text form of a goroutine, threadcreate or custom profile. `go tool pprof` reads it unless there is a space in
 * the name.
 */
export function writeCountText(name: string, { symbols, stack, count, labels }: CountRecords): string {
  const stacks = new StackText(symbols);
  const total = count.reduce((sum, value) => sum + value, 0);
  const parts = [`${name.replace(/[\n\r]/g, ' ')} profile: total ${total}\n`];
  const lines = labels?.sets.map(labelLine) ?? [];
  stack.forEach((row, i) => {
    const line = lines[labels?.set[i] ?? 0] ?? '';
    parts.push(`${count[i]} @ ${stacks.addresses(row)}\n${line}${stacks.lines(row)}\n`);
  });
  return parts.join('');
}
