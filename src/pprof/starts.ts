/** Where each of some arrays begins when they are put in a row, and where the last one ends. */
export function startsOf(arrays: readonly { readonly length: number }[]): Uint32Array {
  const start = new Uint32Array(arrays.length + 1);
  arrays.forEach(({ length }, i) => (start[i + 1] = start[i]! + length));
  return start;
}

/** So many rows of average length that they have about `elements` elements, and `most` at the most. */
export function rowsWith(elements: number, most: number, start: Uint32Array): number {
  const rows = start.length - 1;
  const all = rows > 0 ? start[rows]! - start[0]! : 0;
  return Math.max(1, Math.min(most, Math.floor((elements * rows) / Math.max(1, all))));
}
