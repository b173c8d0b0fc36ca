import type { Labels } from '../labels/labels';
import type { LabelColumns, ProfileRows, Symbols } from '../pprof/columns';
import { writeCountText } from '../pprof/count-text';
import { labelLine } from '../pprof/label-text';
import { pruneSymbols } from '../pprof/prune-symbols';
import { StackText } from '../pprof/stack-text';
import type { Steps } from '../pprof/steps';
import { lookUpShown } from './encode-rows';
import type { ProfileSource, Snapshot, TakeOptions } from './profile';
import { program } from './program';
import { identityNumber, identityOf } from './sample-identity';
import { lookUpStacks } from './stack-symbols';

/** So many of something at one stack. */
export interface Counted {
  /** Its number; see native.internStack(). */
  stack: number;
  /** A whole number. */
  count: number;
  labels?: Labels | undefined;
}

/** What there is now. */
export interface Counts {
  /** Any number of them may have the same stack and labels. */
  entries: readonly Counted[];
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
  const { symbols, stack, values, labels, comments } = yield* lookUpShown(yield* snapshot.rows(), snapshot.lookUp, limited);
  return yield* writeCountText(name, { symbols, stack, count: values, labels, comments });
}

/** Entries of one stack and labels are one sample. Samples of `since` are there even if nothing is left of them. */
function snapshotOf(name: string, { entries, comments = [] }: Counts, since?: ProfileRows): Snapshot {
  const sums = new Map<number, number>();
  for (const number of since?.bucket ?? []) sums.set(number, 0);
  for (const { stack, labels, count } of entries) {
    const number = identityNumber({ stack, labels });
    sums.set(number, (sums.get(number) ?? 0) + count);
  }
  const now = { timeNanos: BigInt(Date.now()) * 1_000_000n, comments };
  let symbols: Symbols | undefined;
  return {
    *rows() {
      const rows = yield* rowsOf(name, sums, now);
      symbols = rows.symbols;
      return rows;
    },
    lookUp: (stack) => pruneSymbols(symbols!, stack),
  };
}

function* rowsOf(
  name: string,
  sums: ReadonlyMap<number, number>,
  header: Pick<ProfileRows, 'timeNanos' | 'comments'>,
): Steps<ProfileRows & { symbols: Symbols }> {
  const bucket = Uint32Array.from(sums.keys());
  const values = Float64Array.from(sums.values());
  const identities = Array.from(bucket, identityOf);
  const { symbols, stack } = yield* lookUpStacks(Uint32Array.from(identities, ({ stack }) => stack));
  const stacks = new StackText(symbols);
  const keys = identities.map(({ labels = {} }, i) => `${stacks.addresses(stack[i]!)}\n${labelLine(labels)}`);
  const order = bucket.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || (keys[a]! < keys[b]! ? -1 : 1));
  const type = { type: name, unit: 'count' };
  const labels = labelsOf(Array.from(order, (i) => identities[i]!.labels));
  return {
    sampleTypes: [type],
    periodType: type,
    period: 1,
    durationNanos: 0n,
    program: program(),
    symbols,
    bucket: order.map((i) => bucket[i]!),
    stack: order.map((i) => stack[i]!),
    values: Float64Array.from(order, (i) => values[i]!),
    ...(labels && { labels }),
    ...header,
  };
}

function labelsOf(all: readonly (Labels | undefined)[]): LabelColumns | undefined {
  if (all.every((labels) => labels === undefined)) return undefined;
  const rows = new Map<Labels | undefined, number>([[undefined, 0]]);
  const set = Uint32Array.from(all, (labels) => {
    if (!rows.has(labels)) rows.set(labels, rows.size);
    return rows.get(labels)!;
  });
  return { sets: Array.from(rows.keys(), (labels) => labels ?? {}), set };
}
