import type { ProfileRows } from '../pprof/columns';
import { subtract } from '../pprof/delta';
import { inSteps, type Steps } from '../pprof/steps';
import { runInSlices } from '../slices';
import { isAlone } from '../threads/known-threads';
import { compress } from './chunks';
import { block, mutex } from './contention';
import { encodeRows } from './encode-rows';
import { heap } from './heap';
import type { ProfileSource, Snapshot } from './profile';
import { ShownStacks } from './shown-stacks';

type Counted = Pick<ProfileRows, 'bucket' | 'values' | 'timeNanos'>;

const sources = new Map<string, ProfileSource>([heap, block, mutex].map((source) => [source.name, source]));
/** How to tell it. */
export interface SinceLastOptions {
  /** Collect garbage first. */
  gc: boolean;
  /** Make the next call tell it all again. */
  keep: boolean;
  /** Show everything, whatever its size; otherwise it is kept within the limits of collectors. */
  full: boolean;
  /** Gives it up: what it would have told is left for the next call. */
  signal: AbortSignal;
}

/** One reader, and what it has been told. */
export class SinceLast {
  /** What each profile had counted when it was told last. */
  readonly #told = new Map<string, Counted>();
  /** The end of the last call for each profile, which come one after the other: what was counted earlier must be told earlier. */
  readonly #ends = new Map<string, Promise<void>>();

  /**
   * A profile, gzipped, with what has been counted since the last call for it, and with what is in use as it is now. The
   * first call tells everything.
   *
   * @param name heap, block or mutex
   */
  async tell(name: string, { gc, keep, full, signal }: SinceLastOptions): Promise<Uint8Array> {
    const source = sources.get(name)!;
    const before = this.#ends.get(name);
    let end: (() => void) | undefined;
    this.#ends.set(name, new Promise((resolve) => (end = resolve)));
    try {
      await before;
      signal.throwIfAborted();
      if (gc && !isAlone()) await source.refresh?.(undefined);
      signal.throwIfAborted();
      const { chunks, counted } = await runInSlices(tell(this.#told.get(name), source.take({ gc, thread: undefined }), full), signal);
      const bytes = await compress(chunks, signal);
      if (!keep) this.#told.set(name, counted);
      return bytes;
    } finally {
      end?.();
    }
  }
}

function* tell(before: Counted | undefined, snapshot: Snapshot, full: boolean): Steps<{ chunks: Uint8Array[]; counted: Counted }> {
  const now = yield* snapshot.rows();
  // Told as a profile of a moment, without a duration, as all readers expect it of these routes.
  const rows = before === undefined ? now : { ...(yield* subtract(before, now)), durationNanos: 0n };
  return { chunks: yield* encodeRows(snapshot, rows, full ? undefined : new ShownStacks({ once: true })), counted: yield* counters(now) };
}

/** What is in use is not counted up: as if there had been nothing before. */
function* counters({ sampleTypes, bucket, values, timeNanos }: ProfileRows): Steps<Counted> {
  const counts = sampleTypes.map(({ type }) => !type.startsWith('inuse_'));
  const counted = new Float64Array(values.length);
  yield* inSteps(values.length, (from, to) => {
    for (let i = from; i < to; i++) if (counts[i % counts.length]) counted[i] = values[i]!;
  });
  return { bucket, timeNanos, values: counted };
}
