import { native } from '../binding';
import type { FrameColumns, StringColumns } from '../pprof/columns';
import type { PrunedSymbols } from '../pprof/prune-symbols';
import { inSteps, type Steps } from '../pprof/steps';
import { plainPaths } from './file-paths';

/** Looks up stacks by their numbers, which must have been given out before, with the file names people use. */
export function* lookUpStacks(numbers: Uint32Array): Steps<PrunedSymbols> {
  const stacks = new RowNumbers();
  const stack = new Uint32Array(numbers.length);
  yield* inSteps(numbers.length, (from, to) => stacks.replace(numbers, from, to, stack));

  const stackNumbers = stacks.numbers();
  const start = new Uint32Array(stackNumbers.length + 1);
  yield* inSteps(stackNumbers.length, (from, to) => native.measureStacks(stackNumbers, from, to, start));
  const stackFrames = new Uint32Array(start[stackNumbers.length]!);
  const frameRows = new RowNumbers();
  yield* inSteps(stackNumbers.length, (from, to) => {
    native.copyStacks(stackNumbers, from, to, start, stackFrames);
    frameRows.replace(stackFrames, start[from]!, start[to]!, stackFrames);
  });

  const strings = new RowNumbers();
  strings.rowOf(0);
  const frames = yield* lookUpFrames(frameRows.numbers(), strings);
  const symbols = { strings: yield* lookUpStrings(strings.numbers()), frames, stacks: { frames: stackFrames, start } };
  return { symbols: yield* plainPaths(symbols), stack };
}

/** Frames by their numbers; their strings get rows in `strings`. */
export function* lookUpFrames(numbers: Uint32Array, strings: RowNumbers): Steps<FrameColumns> {
  const column = (): Uint32Array => new Uint32Array(numbers.length);
  const [name, file, line, columnNumber, startLine] = [column(), column(), column(), column(), column()] as const;
  const address = new Float64Array(numbers.length);
  yield* inSteps(numbers.length, (from, to) => {
    native.copyFrames(numbers, from, to, name, file, line, columnNumber, startLine, address);
    for (let row = from; row < to; row++) {
      name[row] = strings.rowOf(name[row]!);
      file[row] = strings.rowOf(file[row]!);
    }
  });
  return { name, file, line, column: columnNumber, startLine, address };
}

export function* lookUpStrings(numbers: Uint32Array): Steps<StringColumns> {
  const start = new Uint32Array(numbers.length + 1);
  yield* inSteps(numbers.length, (from, to) => native.measureStrings(numbers, from, to, start));
  const bytes = new Uint8Array(start[numbers.length]!);
  yield* inSteps(numbers.length, (from, to) => native.copyStrings(numbers, from, to, start, bytes));
  return { bytes, start };
}

/** Gives numbers rows, in the order in which they come. */
export class RowNumbers {
  /** The row of each number, plus 1. */
  #row: Uint32Array = new Uint32Array(1024);
  #numbers: Uint32Array = new Uint32Array(1024);
  #count = 0;

  rowOf(number: number): number {
    if (number >= this.#row.length) this.#row = grown(this.#row, number + 1);
    const row = this.#row[number]!;
    if (row !== 0) return row - 1;
    if (this.#count === this.#numbers.length) this.#numbers = grown(this.#numbers, this.#count + 1);
    this.#numbers[this.#count++] = number;
    this.#row[number] = this.#count;
    return this.#count - 1;
  }

  /** Writes the rows of numbers[from] up to numbers[to] to the same places of `into`. */
  replace(numbers: Uint32Array, from: number, to: number, into: Uint32Array): void {
    for (let i = from; i < to; i++) into[i] = this.rowOf(numbers[i]!);
  }

  /** The number of each row. */
  numbers(): Uint32Array {
    return this.#numbers.slice(0, this.#count);
  }
}

function grown(array: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}
