import type { Symbols } from './columns';
import { StackText } from './stack-text';

/** The records of a block or mutex profile, one row for each stack. */
export interface ContentionRecords {
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  /** Whole numbers. */
  contentions: Float64Array;
  /** Nanoseconds, whole numbers. */
  delay: Float64Array;
}

/**
 * Writes Go's text form of a block or mutex profile, the longest delay first. A cycle is a nanosecond here. Mutex
 * records are scaled when they are taken, so their sampling period is 1: readers would multiply by it.
 */
export function writeContentionText(kind: 'contention' | 'mutex', { symbols, stack, contentions, delay }: ContentionRecords): string {
  const stacks = new StackText(symbols);
  const parts = [`--- ${kind}:\ncycles/second=1000000000\n${kind === 'mutex' ? 'sampling period=1\n' : ''}`];
  const order = Uint32Array.from(stack.keys()).sort((a, b) => delay[b]! - delay[a]! || a - b);
  for (const i of order) {
    parts.push(`${delay[i]} ${contentions[i]} @ ${stacks.addresses(stack[i]!)}\n${stacks.lines(stack[i]!)}\n`);
  }
  return parts.join('');
}
