import type { ProfileColumns, Symbols, ValueType } from '../../dist/pprof/columns';
import { subtract } from '../../dist/pprof/delta';
import { pruneSymbols } from '../../dist/pprof/prune-symbols';
import { finish } from '../../dist/pprof/steps';

export interface Frame {
  name: string;
  file?: string;
  line?: number;
  column?: number;
}

export interface Sample {
  /** Leaf first. */
  stack: readonly Frame[];
  values: readonly number[];
  /** Label `bytes`; 0 for none. */
  bytes?: number;
  /** The row's own number when absent. */
  bucket?: number;
}

export const HEAP_TYPES: readonly ValueType[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

export const BLOCK_TYPES: readonly ValueType[] = [
  { type: 'contentions', unit: 'count' },
  { type: 'delay', unit: 'nanoseconds' },
];

/** What is the same for all samples; a heap profile by default. */
export type Header = Partial<Omit<ProfileColumns, 'symbols' | 'bucket' | 'stack' | 'values' | 'bytesLabel'>>;

/** Builds columns from samples written out. */
export function columnsOf(samples: readonly Sample[], header: Header = {}): ProfileColumns {
  const table = new SymbolTable();
  const stack = Uint32Array.from(samples, ({ stack }) => table.stack(stack));
  return {
    sampleTypes: HEAP_TYPES,
    periodType: { type: 'space', unit: 'bytes' },
    period: 524288,
    timeNanos: 1_700_000_000_123_456_789n,
    durationNanos: 0n,
    program: '/srv/app/server.js',
    comments: [],
    ...header,
    symbols: table.symbols(),
    bucket: Uint32Array.from(samples, ({ bucket }, row) => bucket ?? row),
    stack,
    values: Float64Array.from(samples.flatMap(({ values }) => values)),
    ...(samples.some(({ bytes }) => bytes !== undefined) && {
      bytesLabel: Float64Array.from(samples, ({ bytes }) => bytes ?? 0),
    }),
  };
}

/** Interns strings, frames and stacks as the native side does. */
class SymbolTable {
  readonly #strings = new Map<string, number>([['', 0]]);
  readonly #frames = new Map<string, number>();
  readonly #stacks = new Map<string, number>();

  stack(frames: readonly Frame[]): number {
    return intern(this.#stacks, JSON.stringify(frames.map((frame) => this.#frame(frame))));
  }

  #frame({ name, file = '', line = 0, column = 0 }: Frame): number {
    const key = JSON.stringify([intern(this.#strings, name), intern(this.#strings, file), line, column]);
    return intern(this.#frames, key);
  }

  symbols(): Symbols {
    const strings = [...this.#strings.keys()].map((text) => new TextEncoder().encode(text));
    const texts = [...this.#strings.keys()];
    const frames: number[][] = [...this.#frames.keys()].map((key) => JSON.parse(key));
    const stacks: number[][] = [...this.#stacks.keys()].map((key) => JSON.parse(key));
    return {
      strings: { bytes: Uint8Array.from(strings.flatMap((text) => [...text])), start: starts(strings) },
      frames: {
        name: Uint32Array.from(frames, (frame) => frame[0]!),
        file: Uint32Array.from(frames, (frame) => frame[1]!),
        line: Uint32Array.from(frames, (frame) => frame[2]!),
        column: Uint32Array.from(frames, (frame) => frame[3]!),
        startLine: Uint32Array.from(frames, (frame) => frame[2]!),
        address: Float64Array.from(frames, ([name, file, line, column]) =>
          addressOf(`${texts[name!]} ${texts[file!]} ${line} ${column}`),
        ),
      },
      stacks: { frames: Uint32Array.from(stacks.flat()), start: starts(stacks) },
    };
  }
}

function intern(rows: Map<string, number>, key: string): number {
  const row = rows.get(key) ?? rows.size;
  rows.set(key, row);
  return row;
}

function starts(rows: readonly ArrayLike<unknown>[]): Uint32Array {
  let end = 0;
  return Uint32Array.from([0, ...rows.map((row) => (end += row.length))]);
}

/** An even number of 48 bits that is not 0, the same for the same text. */
function addressOf(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const character of text) {
    low = Math.imul(low ^ character.codePointAt(0)!, 0x01000193);
    high = Math.imul(high ^ low, 0x85ebca6b);
  }
  return ((high >>> 17) * 2 ** 32 + (low >>> 0)) * 2 + 2;
}

/** Random numbers from 0 up to 1, the same sequence for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happened between two profiles, with the symbols of that alone. */
export function deltaOf(before: ProfileColumns, after: ProfileColumns): ProfileColumns {
  const delta = finish(subtract(before, after));
  return { ...delta, ...finish(pruneSymbols(delta.symbols, delta.stack)) };
}
