/** Where each of some arrays begins when they are put in a row, and where the last one ends. */
export function startsOf(arrays: readonly { readonly length: number }[]): Uint32Array {
  const start = new Uint32Array(arrays.length + 1);
  arrays.forEach(({ length }, i) => (start[i + 1] = start[i]! + length));
  return start;
}
