import type { Samples } from '../pprof/columns';
import { sortRows } from '../pprof/sort-rows';
import { inSteps, type Steps } from '../pprof/steps';
import { takeRows } from '../pprof/take-rows';
import { weighRows } from '../pprof/weigh-rows';
import { limitChanges, profileLimits } from './limits';

/**
 * Which stacks the profiles for collectors show when there are too many; all others are counted under `(other)`.
 *
 * Collectors subtract a profile from the one after it, so no counter may fall. Hence a stack that has been shown is shown
 * ever after; and one that is shown only after it was counted under `(other)` leaves there what it had counted until then:
 *
 *     taken             1     2     3     4
 *     stack counts     10    20   500   700
 *     shown             -     -     0   200    counts from the moment it is shown
 *     (other) has      10    20   500   500    never falls
 *
 * In-use values may fall, and are shown in full at once. Every column adds up to what it would without a limit.
 *
 * For most of the room it is first come, first served, the largest first. The rest is for stacks that become large later:
 * one is shown when it has more than SHARE / (places left) of some column, so the fewer are left the more it takes, and
 * there is always room for what really matters.
 */
export class ShownStacks {
  /** By bucket: of what is shown, what stays under `(other)`; undefined for those that are shown in full. */
  #bases = new Map<number, Float64Array | undefined>();
  /** Buckets below this have been counted in a profile before, shown or not. */
  #counted = 0;
  /** Samples that fit, by their size in the last profile. */
  #places = Infinity;
  #limitChanges = 0;
  readonly #firstCome: number;

  /** `once`: for one profile, which nobody subtracts from another, so that nothing has to be kept free for later. */
  constructor({ once = false } = {}) {
    this.#firstCome = once ? 1 : FIRST_COME;
  }

  /** Chooses what to show of a profile. Nothing is decided before `accept` says so. */
  *select<T extends Samples>(profile: T): Steps<Selection<T>> {
    if (this.#limitChanges !== limitChanges()) this.#reset();
    this.#places = Math.min(this.#places, profileLimits().samples);
    const { bucket } = profile;
    const candidates = yield* filterRows(bucket.length, (row) => !this.#bases.has(bucket[row]!));
    const admitted = yield* this.#admit(profile, candidates);
    const bases = new Map<number, Float64Array | undefined>();
    yield* inSteps(admitted.length, (from, to) => {
      for (const row of admitted.subarray(from, to)) {
        bases.set(bucket[row]!, bucket[row]! < this.#counted ? countersOf(profile, row) : undefined);
      }
    });
    return yield* this.#split(profile, bases);
  }

  /**
   * Whether a selection that makes a profile of so many bytes will do. If not, fewer stacks are shown in the next one;
   * those shown before are not given up.
   */
  *accept({ profile, fresh, counted }: Selection<Samples>, bytes: number): Steps<boolean> {
    const limit = profileLimits().bytes;
    const fitting = Math.max(1, Math.floor((profile.bucket.length * limit) / bytes));
    if (bytes > limit && fresh.size > 0) {
      this.#places = Math.min(fitting, this.#places - 1);
      return false;
    }
    // In a small profile the size of a sample cannot be told from that of the rest.
    this.#places = bytes > limit * FIRST_COME ** 2 ? fitting : Infinity;
    const entries = fresh.entries();
    // Dropped in between, it leaves some that nobody has seen: their counters start later than they might.
    yield* inSteps(fresh.size, (from, to) => {
      for (let i = from; i < to; i++) this.#bases.set(...(entries.next().value as [number, Float64Array | undefined]));
    });
    this.#counted = counted;
    return true;
  }

  /** Those of the candidates, which are not shown yet, that are from now on. */
  *#admit(profile: Samples, candidates: Uint32Array): Steps<Uint32Array> {
    const most = this.#places - 1;
    const open = Math.floor(most * this.#firstCome) - this.#bases.size;
    // Without (other) there is room for one more, where nothing has to be kept free.
    if (candidates.length <= (this.#firstCome === 1 ? this.#places : open)) return candidates;
    const weights = yield* weighRows(profile, candidates);
    const left = (admitted: number): number => Math.max(0, most - this.#bases.size - admitted);
    // When it is their weight alone that counts, hardly any are worth sorting.
    const worthwhile = yield* filterRows(candidates.length, (i) => open > 0 || weights[i]! * left(0) > SHARE);
    const keys = new Float64Array(worthwhile.length);
    yield* inSteps(keys.length, (from, to) => {
      for (let i = from; i < to; i++) keys[i] = weights[worthwhile[i]!]!;
    });
    const order = yield* sortRows(keys);
    let count = 0;
    while (count < order.length && (count < open || keys[order[count]!]! * left(count) > SHARE)) count++;
    return order.subarray(0, count).map((i) => candidates[worthwhile[i]!]!);
  }

  *#split<T extends Samples>(profile: T, fresh: Selection<T>['fresh']): Steps<Selection<T>> {
    const { bucket, values } = profile;
    const width = profile.sampleTypes.length;
    const other = Array.from({ length: width }, () => 0);
    const rows: number[] = [];
    const bases: (Float64Array | undefined)[] = [];
    let counted = this.#counted;
    yield* inSteps(bucket.length, (from, to) => {
      for (let row = from; row < to; row++) {
        const number = bucket[row]!;
        counted = Math.max(counted, number + 1);
        if (fresh.has(number) || this.#bases.has(number)) {
          const base = fresh.get(number) ?? this.#bases.get(number);
          rows.push(row);
          bases.push(base);
          base?.forEach((value, column) => (other[column]! += value));
        } else {
          for (let column = 0; column < width; column++) other[column]! += values[row * width + column]!;
        }
      }
    });
    const shown = yield* takeRows(profile, Uint32Array.from(rows));
    yield* inSteps(rows.length, (from, to) => {
      for (let i = from; i < to; i++) bases[i]?.forEach((value, column) => (shown.values[i * width + column]! -= value));
    });
    const hidden = bucket.length - rows.length;
    return { profile: shown, ...((hidden > 0 || bases.some((base) => base)) && { other }), hidden, fresh, counted };
  }

  #reset(): void {
    this.#bases.clear();
    this.#counted = 0;
    this.#places = Infinity;
    this.#limitChanges = limitChanges();
  }
}

/** What is shown of a profile. */
export interface Selection<T extends Samples> {
  profile: T;
  /** The values of `(other)`; absent when everything is shown. */
  other?: number[];
  /** How many samples are not shown. */
  hidden: number;
  /** Buckets that are shown for the first time, and what of them stays under `(other)`. */
  fresh: ReadonlyMap<number, Float64Array | undefined>;
  counted: number;
}

/** Share of the places that is given to whatever comes first. */
const FIRST_COME = 7 / 8;
/** With 2,000 places left, what has more than 0.2 % of a column gets one. */
const SHARE = 4;

function* filterRows(count: number, test: (row: number) => boolean): Steps<Uint32Array> {
  const rows = new Uint32Array(count);
  let kept = 0;
  yield* inSteps(count, (from, to) => {
    for (let row = from; row < to; row++) if (test(row)) rows[kept++] = row;
  });
  return rows.subarray(0, kept);
}

/** A row's values, with 0 for those that may fall. */
function countersOf({ sampleTypes, values }: Samples, row: number): Float64Array {
  const width = sampleTypes.length;
  return Float64Array.from(sampleTypes, ({ type }, i) => (type.startsWith('inuse_') ? 0 : values[row * width + i]!));
}
