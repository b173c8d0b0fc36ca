import type { Symbols } from './columns';
import { StackText } from './stack-text';

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
}

/** A line of the trailer, printed as `# KEY = VALUE`. */
export type TrailerLine = readonly [key: string, value: string];

/**
 * Writes Go's text form of a heap profile, which people and `go tool pprof` can read, with `trailer` as its
 * `# runtime.MemStats`. Records come by bytes in use, the largest first; those of equal bytes keep their order.
 */
export function writeHeapText(records: HeapRecords, trailer: readonly TrailerLine[]): string {
  const { stack, inuseObjects, inuseBytes, allocObjects, allocBytes } = records;
  const stacks = new StackText(records.symbols);
  const parts = [header(records)];
  const order = Uint32Array.from(stack.keys()).sort((a, b) => inuseBytes[b]! - inuseBytes[a]! || a - b);
  for (const i of order) {
    const numbers = `${inuseObjects[i]}: ${inuseBytes[i]} [${allocObjects[i]}: ${allocBytes[i]}]`;
    parts.push(`${numbers} @ ${stacks.addresses(stack[i]!)}\n${stacks.lines(stack[i]!)}\n`);
  }
  parts.push('\n# runtime.MemStats\n', ...trailer.map(([key, value]) => `# ${key} = ${value}\n`));
  return parts.join('');
}

function header({ rate, inuseObjects, inuseBytes, allocObjects, allocBytes }: HeapRecords): string {
  const inuse = sum(inuseBytes);
  const alloc = sum(allocBytes);
  // Equal sums make readers take the profile for one without alloc columns, which then does not merge with others.
  const allocShown = alloc === inuse ? alloc + 1 : alloc;
  // Twice the rate: what early heap profilers printed, and what readers expect ever since.
  return `heap profile: ${sum(inuseObjects)}: ${inuse} [${sum(allocObjects)}: ${allocShown}] @ heap/${2 * rate}\n`;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
