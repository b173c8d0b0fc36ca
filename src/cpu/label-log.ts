import { native } from '../binding';
import { currentLabels, labelsAreUsed, observeLabels, type Labels } from '../labels/labels';
import { clock } from '../waits/chance';
import { hookLabels } from './label-hooks';

/** Changes remembered: at 100 samples a second hardly any of them is of interest, but which ones is known only later. */
const MAX_CHANGES = 1 << 17;
const NANOS = 1e6;

/** Labels of a sample around which too much has been forgotten. */
export const LOST = Symbol('lost');
type Found = Labels | undefined | typeof LOST;

/** Changes there is room for at first. */
const FEW = 1024;

/**
 * Which labels were in force when. V8 tells when it has taken samples at the end only, so changes are remembered until
 * then; once there are many, V8 is asked for the times, and what is in force at no sample is forgotten.
 */
export class LabelLog {
  current: Labels | undefined;
  /** By clock(). */
  #times = new Float64Array();
  #sets: (Labels | undefined)[] = [];
  #length = 0;
  /** When it has begun to be told of changes: before, there were no labels, or they are not known. */
  #hookedAt = Infinity;
  #before: undefined | typeof LOST;
  /** Changes between that and this time have been forgotten. */
  #knownFrom = -Infinity;
  /** Labels at the samples that V8 has told the times of. */
  readonly #atSamples = new Map<number, Found>();
  #unhook: (() => void) | undefined;

  /** Begins to record. As long as nothing has labels, that is nothing. */
  open(): void {
    observeLabels((labels) => {
      this.#hook();
      this.change(labels);
    });
    if (labelsAreUsed()) {
      this.#before = LOST;
      this.#hook();
    }
    this.change(currentLabels());
  }

  /** Ends it and forgets everything. */
  close(): void {
    observeLabels(undefined);
    if (this.#unhook !== undefined) {
      this.#unhook();
      native.endCpuTimes();
    }
    this.#unhook = undefined;
    this.#times = new Float64Array();
    this.#sets = [];
    this.#length = 0;
    this.#atSamples.clear();
    this.#hookedAt = Infinity;
    this.#before = undefined;
    this.#knownFrom = -Infinity;
    this.current = undefined;
  }

  /** These labels are in force from now on. */
  change(labels: Labels | undefined): void {
    if (labels === this.current || this.#unhook === undefined) return;
    this.current = labels;
    if (this.#length === MAX_CHANGES) this.#makeRoom();
    if (this.#length === this.#times.length) this.#times = grown(this.#times);
    this.#times[this.#length] = clock();
    this.#sets[this.#length++] = labels;
  }

  /** Labels at the sample of this time, by native.monotonicNanos(). */
  find(nanos: number): Found {
    if (this.#atSamples.has(nanos)) return this.#atSamples.get(nanos);
    const time = (nanos - clockOffset()) / NANOS;
    if (time < this.#hookedAt) return this.#before;
    if (time < this.#knownFrom) return LOST;
    const index = this.#indexAt(time);
    return index < 0 ? undefined : this.#sets[index];
  }

  /** Nobody will ask for what was before this time, by native.monotonicNanos(). */
  trim(time: number): void {
    if (this.#unhook === undefined) return;
    this.#askForSamples();
    for (const known of this.#atSamples.keys()) {
      if (known >= time) break;
      this.#atSamples.delete(known);
    }
  }

  #hook(): void {
    if (this.#unhook !== undefined) return;
    this.#times = new Float64Array(FEW);
    this.#unhook = hookLabels(this);
    this.#hookedAt = clock();
    // From here on V8 keeps the times of samples.
    native.takeCpuTimes();
  }

  /** The last change up to this time, -1 for none. */
  #indexAt(time: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #makeRoom(): void {
    this.#askForSamples();
    // No sample that V8 tells of, in all that time.
    if (this.#length > MAX_CHANGES / 2) this.#forget(MAX_CHANGES / 2);
  }

  /** Looks up the labels at the samples that there have been since, and forgets the changes up to the last of them. */
  #askForSamples(): void {
    const times = native.takeCpuTimes();
    for (const time of times) this.#atSamples.set(time, this.find(time));
    const last = times.at(-1);
    if (last !== undefined) this.#forget(this.#indexAt((last - clockOffset()) / NANOS));
  }

  /** Forgets the oldest changes. */
  #forget(count: number): void {
    if (count <= 0) return;
    this.#times.copyWithin(0, count, this.#length);
    this.#sets.splice(0, count);
    this.#length -= count;
    this.#knownFrom = this.#times[0]!;
  }
}

function grown(times: Float64Array): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(2 * times.length);
  longer.set(times);
  return longer;
}

/** What native.monotonicNanos() is ahead of clock(), in nanoseconds: the same at any time, but for a microsecond. */
function clockOffset(): number {
  offset ??= [0, 1, 2].map(() => {
    const before = clock();
    const now = native.monotonicNanos();
    const after = clock();
    return { error: after - before, value: now - ((before + after) / 2) * NANOS };
  }).reduce((best, other) => (other.error < best.error ? other : best)).value;
  return offset;
}

let offset: number | undefined;
