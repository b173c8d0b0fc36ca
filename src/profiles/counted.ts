import type { Labels } from '../labels/labels';
import type { LabelColumns, ProfileRows, Symbols } from '../pprof/columns';
import { labelLine } from '../pprof/label-text';
import { pruneSymbols } from '../pprof/prune-symbols';
import { sortRowsBy } from '../pprof/sort-rows';
import { inSteps, type Steps } from '../pprof/steps';
import { takeRows } from '../pprof/take-rows';
import { writeCountText } from './count-text';
import { lookUpShown } from './encode-rows';
import type { ProfileSource, Snapshot, TakeOptions } from './profile';
import { program } from './program';
import { identityNumber, identityOf } from './sample-identity';
import { lookUpStacks } from './stack-symbols';

/** What there is now: so many of something at each stack. Any number of rows may have the same stack and labels. */
export interface Counts {
  /** The stacks' numbers; see native.internStack(). */
  stack: Uint32Array;
  /** Whole numbers; 1 each where absent. */
  count?: readonly number[];
  /** Absent where nothing can have any. */
  labels?: readonly (Labels | undefined)[];
  /** What a reader has to know. */
  comments?: readonly string[];
}

/** What a profile that counts stacks has to provide. */
export interface CountsSource {
  readonly name: string;
  readonly description: string;
  count(): number;
  state?(): string;
  take(options: { full: boolean }): Counts;
  /** Text for debug above 1, of data taken at the moment of the call, in chunks to be put in a row; as for 1 where there is none. */
  dump?(options: { full: boolean }): Steps<Uint8Array[]>;
}

/** A profile that counts stacks has one value, which is named as the profile is. */
export function counted(source: CountsSource): ProfileSource {
  const { name, description } = source;
  const take = ({ full = false, since }: Partial<TakeOptions>): Snapshot => snapshotOf(name, source.take({ full }), since);

  function text({ debug, limited, full = false }: TakeOptions & { debug: number; limited: boolean }): Steps<Uint8Array[]> | undefined {
    if (debug <= 0) return undefined;
    return debug > 1 && source.dump !== undefined ? source.dump({ full }) : textOf(name, take({ full }), limited);
  }

  return { name, description, count: () => source.count(), state: () => source.state?.() ?? '', take, text };
}

function* textOf(name: string, snapshot: Snapshot, limited: boolean): Steps<Uint8Array[]> {
  return yield* writeCountText(name, yield* lookUpShown(yield* snapshot.rows(), snapshot.lookUp, limited));
}

function snapshotOf(name: string, counts: Counts, since?: ProfileRows): Snapshot {
  const timeNanos = BigInt(Date.now()) * 1_000_000n;
  let symbols: Symbols | undefined;
  return {
    *rows() {
      const rows = yield* rowsOf(name, timeNanos, counts, since);
      symbols = rows.symbols;
      return rows;
    },
    lookUp: (stack) => pruneSymbols(symbols!, stack),
  };
}

/** The largest first; of equal ones, those whose text comes first. */
function* rowsOf(name: string, timeNanos: bigint, counts: Counts, since?: ProfileRows): Steps<ProfileRows & { symbols: Symbols }> {
  const sums = yield* sumUp(counts, since);
  const bucket = new Uint32Array(sums.size);
  const values = new Float64Array(sums.size);
  const stackNumbers = new Uint32Array(sums.size);
  const labels = new LabelSets(sums.size);
  const entries = sums.entries();
  yield* inSteps(sums.size, (from, to) => {
    for (let row = from; row < to; row++) {
      [bucket[row], values[row]] = entries.next().value as [number, number];
      const identity = identityOf(bucket[row]!);
      stackNumbers[row] = identity.stack;
      labels.add(row, identity.labels);
    }
  });
  const { symbols, stack } = yield* lookUpStacks(stackNumbers);
  const compareText = textOrder(symbols);
  const order = yield* sortRowsBy(
    sums.size,
    (a, b) => values[b]! - values[a]! || compareText(stack[a]!, stack[b]!) || (labels.lineOf(a) < labels.lineOf(b) ? -1 : 1),
  );
  const type = { type: name, unit: 'count' };
  const columns = labels.columns();
  const rows = {
    sampleTypes: [type],
    periodType: type,
    period: 1,
    durationNanos: 0n,
    timeNanos,
    comments: counts.comments ?? [],
    program: program(),
    symbols,
    bucket,
    stack,
    values,
    ...(columns && { labels: columns }),
  };
  return yield* takeRows(rows, order);
}

/** Rows of one stack and labels are one sample, by its number. Samples of `since` are there even if nothing is left of them. */
function* sumUp({ stack, count, labels }: Counts, since?: ProfileRows): Steps<Map<number, number>> {
  const sums = new Map<number, number>();
  const before = since?.bucket ?? new Uint32Array();
  yield* inSteps(before.length, (from, to) => {
    for (const number of before.subarray(from, to)) sums.set(number, 0);
  });
  yield* inSteps(stack.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = identityNumber({ stack: stack[row]!, labels: labels?.[row] });
      sums.set(number, (sums.get(number) ?? 0) + (count?.[row] ?? 1));
    }
  });
  return sums;
}

/** Distinct labels of rows. */
class LabelSets {
  readonly #rows = new Map<Labels | undefined, number>([[undefined, 0]]);
  readonly #set: Uint32Array;
  #lines: string[] | undefined;

  constructor(count: number) {
    this.#set = new Uint32Array(count);
  }

  add(row: number, labels: Labels | undefined): void {
    if (!this.#rows.has(labels)) this.#rows.set(labels, this.#rows.size);
    this.#set[row] = this.#rows.get(labels)!;
  }

  /** As text profiles show them. To be asked for once all have been added. */
  lineOf(row: number): string {
    this.#lines ??= Array.from(this.#rows.keys(), (labels) => labelLine(labels ?? {}));
    return this.#lines[this.#set[row]!]!;
  }

  /** Undefined where no row has any. */
  columns(): LabelColumns | undefined {
    if (this.#rows.size === 1) return undefined;
    return { sets: Array.from(this.#rows.keys(), (labels) => labels ?? {}), set: this.#set };
  }
}

/** Compares stacks as the lists of their addresses compare as text. */
function textOrder({ frames, stacks }: Symbols): (a: number, b: number) => number {
  const { address } = frames;
  return (a, b) => {
    if (a === b) return 0;
    let i = stacks.start[a]!;
    let j = stacks.start[b]!;
    for (const [endA, endB] = [stacks.start[a + 1]!, stacks.start[b + 1]!]; i < endA && j < endB; i++, j++) {
      const order = compareHex(address[stacks.frames[i]!]! + 1, address[stacks.frames[j]!]! + 1);
      if (order !== 0) return order;
    }
    return i < stacks.start[a + 1]! ? 1 : -1;
  };
}

/** Compares numbers of up to 48 bits as their hexadecimal digits compare as text. */
function compareHex(a: number, b: number): number {
  if (a === b) return 0;
  const [left, right] = [leftAligned(a), leftAligned(b)];
  return left === right ? a - b : left - right;
}

/** Twelve digits, with zeros after those of the number. */
function leftAligned(number: number): number {
  let aligned = number;
  while (aligned < 2 ** 44) aligned *= 16;
  return aligned;
}
