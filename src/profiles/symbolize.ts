import type { StringColumns } from '../pprof/columns';

/** One string of the columns. */
export function decodeString({ bytes, start }: StringColumns, row: number): string {
  return decoder.decode(bytes.subarray(start[row], start[row + 1]));
}

const decoder = new TextDecoder();
