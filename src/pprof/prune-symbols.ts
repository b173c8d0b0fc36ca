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
  yield* inSteps(stack.length, (from, to) => stackRows.keep(stack, from, to));
  const keptStacks = yield* stackRows.kept();

  const frameRows = new Rows(frames.name.length);
  yield* inSteps(keptStacks.length, (from, to) => {
    for (const row of keptStacks.subarray(from, to)) frameRows.keep(stacks.frames, stacks.start[row]!, stacks.start[row + 1]!);
  });
  const keptFrames = yield* frameRows.kept();
  const take = (column: Uint32Array): Steps<Uint32Array> => takeElements(column, keptFrames, new Uint32Array(keptFrames.length));
  const name = yield* take(frames.name);
  const file = yield* take(frames.file);

  const stringRows = new Rows(strings.start.length - 1);
  stringRows.keep(EMPTY, 0, 1);
  for (const column of [name, file]) yield* inSteps(column.length, (from, to) => stringRows.keep(column, from, to));
  const keptStrings = yield* stringRows.kept();

  const prunedStrings = yield* copyRows(strings.bytes, strings.start, keptStrings);
  const prunedStacks = yield* copyRows(stacks.frames, stacks.start, keptStacks);
  const stackFrames = prunedStacks.values;
  yield* inSteps(keptStacks.length, (from, to) => {
    frameRows.place(stackFrames, prunedStacks.start[from]!, prunedStacks.start[to]!, stackFrames);
  });
  for (const column of [name, file]) yield* inSteps(column.length, (from, to) => stringRows.place(column, from, to, column));
  const placed = new Uint32Array(stack.length);
  yield* inSteps(stack.length, (from, to) => stackRows.place(stack, from, to, placed));
  return {
    symbols: {
      strings: { bytes: prunedStrings.values, start: prunedStrings.start },
      frames: {
        name,
        file,
        line: yield* take(frames.line),
        column: yield* take(frames.column),
        startLine: yield* take(frames.startLine),
        address: yield* takeElements(frames.address, keptFrames, new Float64Array(keptFrames.length)),
      },
      stacks: { frames: stackFrames, start: prunedStacks.start },
    },
    stack: placed,
  };
}

const EMPTY = Uint32Array.of(0);

/** Which rows of a table are kept, and where they end up. */
class Rows {
  /** 1 for a row that is kept; later its new row. */
  readonly #place: Uint32Array;

  constructor(count: number) {
    this.#place = new Uint32Array(count);
  }

  /** rows[from] up to rows[to] are. */
  keep(rows: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#place[rows[i]!] = 1;
  }

  /** The rows that are kept, in order. To be called once, after the last keep and before the first place. */
  *kept(): Steps<Uint32Array> {
    const kept = new Uint32Array(this.#place.length);
    let count = 0;
    yield* inSteps(this.#place.length, (from, to) => {
      for (let row = from; row < to; row++) {
        if (this.#place[row] === 0) continue;
        this.#place[row] = count;
        kept[count++] = row;
      }
    });
    return kept.slice(0, count);
  }

  /** Writes where rows[from] up to rows[to] end up to the same places of `into`. */
  place(rows: Uint32Array, from: number, to: number, into: Uint32Array): void {
    for (let i = from; i < to; i++) into[i] = this.#place[rows[i]!]!;
  }
}

function* takeElements<T extends Uint32Array | Float64Array>(values: T, rows: Uint32Array, into: T): Steps<T> {
  yield* inSteps(rows.length, (from, to) => {
    for (let i = from; i < to; i++) into[i] = values[rows[i]!]!;
  });
  return into;
}

/** Copies rows of a table whose row r lies in values[start[r]] up to values[start[r + 1]]. */
function* copyRows<T extends Uint8Array | Uint32Array>(
  values: T,
  start: Uint32Array,
  rows: Uint32Array,
): Steps<{ values: T; start: Uint32Array }> {
  const newStart = new Uint32Array(rows.length + 1);
  yield* inSteps(rows.length, (from, to) => {
    for (let i = from; i < to; i++) newStart[i + 1] = newStart[i]! + start[rows[i]! + 1]! - start[rows[i]!]!;
  });
  const newValues = new (values.constructor as new (length: number) => T)(newStart[rows.length]!);
  yield* inSteps(rows.length, (from, to) => {
    for (let i = from; i < to; i++) newValues.set(values.subarray(start[rows[i]!], start[rows[i]! + 1]), newStart[i]);
  });
  return { values: newValues, start: newStart };
}
