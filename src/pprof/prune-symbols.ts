import type { Symbols } from './columns';
import { inSteps, type Steps } from './steps';

/** Symbols that some samples refer to, and where those samples find them. */
export interface PrunedSymbols {
  symbols: Symbols;
  /** Stack row of each sample. */
  stack: Uint32Array;
}

/** Drops the stacks, frames and strings that none of the given stack rows leads to. What stays keeps its order. */
export function* pruneSymbols(symbols: Symbols, stack: Uint32Array): Steps<PrunedSymbols> {
  const { strings, frames, stacks } = symbols;
  const stackRows = new Rows(stacks.start.length - 1);
  for (const row of stack) stackRows.keep(row);
  const keptStacks = stackRows.kept();

  const frameRows = new Rows(frames.name.length);
  yield* inSteps(keptStacks.length, (from, to) => {
    for (const row of keptStacks.subarray(from, to)) {
      for (let i = stacks.start[row]!; i < stacks.start[row + 1]!; i++) frameRows.keep(stacks.frames[i]!);
    }
  });
  const keptFrames = frameRows.kept();

  const stringRows = new Rows(strings.start.length - 1);
  stringRows.keep(0);
  for (const row of keptFrames) {
    stringRows.keep(frames.name[row]!);
    stringRows.keep(frames.file[row]!);
  }
  const keptStrings = stringRows.kept();

  const prunedStrings = yield* copyRows(strings.bytes, strings.start, keptStrings);
  const prunedStacks = yield* copyRows(stacks.frames, stacks.start, keptStacks);
  const stackFrames = prunedStacks.values;
  yield* inSteps(keptStacks.length, (from, to) => {
    for (let i = prunedStacks.start[from]!; i < prunedStacks.start[to]!; i++) stackFrames[i] = frameRows.place(stackFrames[i]!);
  });
  return {
    symbols: {
      strings: { bytes: prunedStrings.values, start: prunedStrings.start },
      frames: {
        name: keptFrames.map((row) => stringRows.place(frames.name[row]!)),
        file: keptFrames.map((row) => stringRows.place(frames.file[row]!)),
        line: keptFrames.map((row) => frames.line[row]!),
        column: keptFrames.map((row) => frames.column[row]!),
        startLine: keptFrames.map((row) => frames.startLine[row]!),
        address: Float64Array.from(keptFrames, (row) => frames.address[row]!),
      },
      stacks: { frames: stackFrames, start: prunedStacks.start },
    },
    stack: stack.map((row) => stackRows.place(row)),
  };
}

/** Which rows of a table are kept, and where they end up. */
class Rows {
  /** 1 for a row that is kept; later its new row. */
  readonly #place: Uint32Array;

  constructor(count: number) {
    this.#place = new Uint32Array(count);
  }

  keep(row: number): void {
    this.#place[row] = 1;
  }

  /** The rows that are kept, in order. To be called once, after the last keep and before the first place. */
  kept(): Uint32Array {
    let count = 0;
    for (const mark of this.#place) count += mark;
    const rows = new Uint32Array(count);
    for (let row = this.#place.length - 1; row >= 0; row--) {
      if (this.#place[row] === 0) continue;
      this.#place[row] = --count;
      rows[count] = row;
    }
    return rows;
  }

  place(row: number): number {
    return this.#place[row]!;
  }
}

/** Copies rows of a table whose row r lies in values[start[r]] up to values[start[r + 1]]. */
function* copyRows<T extends Uint8Array | Uint32Array>(
  values: T,
  start: Uint32Array,
  rows: Uint32Array,
): Steps<{ values: T; start: Uint32Array }> {
  const newStart = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => {
    newStart[i + 1] = newStart[i]! + start[row + 1]! - start[row]!;
  });
  const newValues = new (values.constructor as new (length: number) => T)(newStart[rows.length]!);
  yield* inSteps(rows.length, (from, to) => {
    for (let i = from; i < to; i++) newValues.set(values.subarray(start[rows[i]!], start[rows[i]! + 1]), newStart[i]);
  });
  return { values: newValues, start: newStart };
}
