import { native } from '../binding';
import type { FrameColumns, StringColumns } from '../pprof/columns';
import type { PrunedSymbols } from '../pprof/prune-symbols';
import { rowsWith } from '../pprof/starts';
import { inSteps, type Steps } from '../pprof/steps';
import { shownSymbols } from './shown-symbols';

/** Rows that are copied in one step: compiled code takes some 50 ns for each, and as long for a frame of a stack. */
const ROWS = 2048;
const FRAMES = 2 ** 14;

/** Looks up stacks by their numbers, which must have been given out before, as people know them. */
export function* lookUpStacks(numbers: Uint32Array): Steps<PrunedSymbols> {
  const counts = native.getStats();
  const stacks = new RowNumbers(counts.stackNodes);
  const stack = new Uint32Array(numbers.length);
  yield* inSteps(numbers.length, (from, to) => stacks.replace(numbers, from, to, stack), ROWS);

  const stackNumbers = stacks.numbers();
  const start = new Uint32Array(stackNumbers.length + 1);
  yield* inSteps(stackNumbers.length, (from, to) => native.measureStacks(stackNumbers, from, to, start), ROWS);
  const stackFrames = new Uint32Array(start[stackNumbers.length]!);
  const frameRows = new RowNumbers(counts.frames);
  yield* inSteps(stackNumbers.length, (from, to) => {
    native.copyStacks(stackNumbers, from, to, start, stackFrames);
    frameRows.replace(stackFrames, start[from]!, start[to]!, stackFrames);
  }, rowsWith(FRAMES, ROWS, start));

  const strings = stringNumbers();
  const frames = yield* lookUpFrames(frameRows.numbers(), strings);
  const symbols = { strings: yield* lookUpStrings(strings.numbers()), frames, stacks: { frames: stackFrames, start } };
  return { symbols: yield* shownSymbols(symbols), stack };
}

/** Numbers of strings; row 0 is the empty one. */
export function stringNumbers(): RowNumbers {
  const strings = new RowNumbers(native.getStats().strings);
  strings.replace(EMPTY, 0, 1, new Uint32Array(1));
  return strings;
}

const EMPTY = Uint32Array.of(0);

/** Frames by their numbers; their strings get rows in `strings`. */
export function* lookUpFrames(numbers: Uint32Array, strings: RowNumbers): Steps<FrameColumns> {
  const column = (): Uint32Array => new Uint32Array(numbers.length);
  const [name, file, line, columnNumber, startLine] = [column(), column(), column(), column(), column()] as const;
  const address = new Float64Array(numbers.length);
  yield* inSteps(numbers.length, (from, to) => {
    native.copyFrames(numbers, from, to, name, file, line, columnNumber, startLine, address);
    strings.replace(name, from, to, name);
    strings.replace(file, from, to, file);
  }, ROWS);
  return { name, file, line, column: columnNumber, startLine, address };
}

export function* lookUpStrings(numbers: Uint32Array): Steps<StringColumns> {
  const start = new Uint32Array(numbers.length + 1);
  yield* inSteps(numbers.length, (from, to) => native.measureStrings(numbers, from, to, start), ROWS);
  const bytes = new Uint8Array(start[numbers.length]!);
  yield* inSteps(numbers.length, (from, to) => native.copyStrings(numbers, from, to, start, bytes), ROWS);
  return { bytes, start };
}

/** Gives numbers rows, in the order in which they come. */
export class RowNumbers {
  /** The row of each number, plus 1. */
  readonly #row: Uint32Array;
  readonly #numbers: Uint32Array;
  #count = 0;

  /** For numbers below `bound`. */
  constructor(bound: number) {
    this.#row = new Uint32Array(bound);
    this.#numbers = new Uint32Array(bound);
  }

  /** Writes the rows of numbers[from] up to numbers[to] to the same places of `into`. */
  replace(numbers: Uint32Array, from: number, to: number, into: Uint32Array): void {
    this.#count = native.numberRows(numbers, from, to, into, this.#row, this.#numbers, this.#count);
  }

  /** The number of each row. */
  numbers(): Uint32Array {
    return this.#numbers.slice(0, this.#count);
  }
}
