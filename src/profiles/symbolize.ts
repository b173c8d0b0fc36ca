import { native } from '../binding';
import type { StringColumns } from '../pprof/columns';

/**
 * The names of the functions at these addresses, undefined for addresses of no known frame. An address names the same
 * function as the one after it: text profiles list the latter, as Go's list return addresses.
 */
export function functionNames(addresses: number[]): (string | undefined)[] {
  if (addresses.length === 0) return [];
  const { frames, strings } = native.takeAllFrames();
  const rows = new Map<number, number>();
  frames.address.forEach((address, row) => rows.set(address, row));
  return addresses.map((address) => {
    const row = rows.get(address - (address % 2));
    return row === undefined ? undefined : decodeString(strings, frames.name[row]!);
  });
}

/** One string of the columns. */
export function decodeString({ bytes, start }: StringColumns, row: number): string {
  return decoder.decode(bytes.subarray(start[row], start[row + 1]));
}

const decoder = new TextDecoder();
