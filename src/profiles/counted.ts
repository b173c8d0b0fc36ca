import { native } from '../binding';
import type { Labels } from '../labels/labels';
import type { LabelColumns, ProfileColumns } from '../pprof/columns';
import { writeCountText } from '../pprof/count-text';
import { labelLine } from '../pprof/label-text';
import { StackText } from '../pprof/stack-text';
import { plainPaths } from './file-paths';
import type { ProfileSource, TakeOptions } from './profile';
import { program } from './program';
import { identityNumber, identityOf } from './sample-identity';

/** So many of something at one stack. */
export interface Counted {
  /** Its number; see native.internStack(). */
  stack: number;
  /** A whole number. */
  count: number;
  labels?: Labels | undefined;
}

/** What a profile that counts stacks has to provide. */
export interface Counts {
  readonly name: string;
  readonly description: string;
  count(): number;
  state?(): string;
  /** Any number of entries may have the same stack and labels. */
  take(options: { full: boolean }): readonly Counted[];
  /** What a reader has to know; asked for after what has been taken. */
  comments?(): string[];
  /** Text for debug above 1; as for 1 where there is none. */
  dump?(options: { full: boolean }): string;
}

/** A profile that counts stacks has one value, which is named as the profile is. */
export function counted(counts: Counts): ProfileSource {
  const { name, description } = counts;
  const take = ({ full = false, since }: Partial<TakeOptions>): ProfileColumns => columnsOf(counts, counts.take({ full }), since);

  function text({ debug, full = false }: TakeOptions & { debug: number }): string | undefined {
    if (debug <= 0) return undefined;
    if (debug > 1 && counts.dump !== undefined) return counts.dump({ full });
    const { symbols, stack, values, labels } = take({ full });
    return writeCountText(name, { symbols, stack, count: values, labels });
  }

  return { name, description, count: () => counts.count(), state: () => counts.state?.() ?? '', columns: take, text };
}

/** Entries of one stack and labels are one sample. Samples of `since` are there even if nothing is left of them. */
function columnsOf(counts: Counts, entries: readonly Counted[], since?: ProfileColumns): ProfileColumns {
  const sums = new Map<number, number>();
  for (const number of since?.bucket ?? []) sums.set(number, 0);
  for (const { stack, labels, count } of entries) {
    const number = identityNumber({ stack, labels });
    sums.set(number, (sums.get(number) ?? 0) + count);
  }
  const bucket = Uint32Array.from(sums.keys());
  const values = Float64Array.from(sums.values());
  const identities = Array.from(bucket, identityOf);
  const { symbols, stack } = native.takeStacks(Uint32Array.from(identities, ({ stack }) => stack));
  const stacks = new StackText(symbols);
  const keys = identities.map(({ labels = {} }, i) => `${stacks.addresses(stack[i]!)}\n${labelLine(labels)}`);
  const order = bucket.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || (keys[a]! < keys[b]! ? -1 : 1));
  const type = { type: counts.name, unit: 'count' };
  const labels = labelsOf(Array.from(order, (i) => identities[i]!.labels));
  return {
    sampleTypes: [type],
    periodType: type,
    period: 1,
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    durationNanos: 0n,
    program: program(),
    comments: counts.comments?.() ?? [],
    symbols: plainPaths(symbols),
    bucket: order.map((i) => bucket[i]!),
    stack: order.map((i) => stack[i]!),
    values: Float64Array.from(order, (i) => values[i]!),
    ...(labels && { labels }),
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
