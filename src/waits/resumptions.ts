import { native } from '../binding';
import type { Sampled } from './sample';

/** One of the waits for a promise. */
export interface Wait {
  /** In milliseconds; 0 when it has not really waited. */
  duration: number;
  /** What it counts for, if it is to be recorded. */
  sampled: Sampled | undefined;
}

interface Expected {
  promise: object;
  label: string;
  /** One for each promise job that its being settled brings about, in that order. */
  waits: readonly Wait[];
}

/**
 * Finds the waiters of a promise that has several, which V8 cannot tell while they wait: by what they do when they go on.
 *
 * Their jobs follow each other in the order in which they began to wait. A microtask of the addon's own, queued right
 * before they are, says when the first one is next.
 */
export class Resumptions {
  /** The recorded wait whose waiter has just gone on and has not done anything yet. */
  resumed: { label: string; sampled: Sampled } | undefined;
  readonly #expected: Expected[] = [];
  #current: Expected | undefined;
  #next = 0;

  /** @param reached its second element counts the marks that microtasks have reached */
  constructor(
    private readonly reached: Float64Array,
    private readonly tracker: number,
    private readonly counters: { lost: number },
  ) {}

  /** Whether the next promise job is of a promise that has been expected. */
  get active(): boolean {
    return this.#current !== undefined;
  }

  /** The promise is about to be settled, and its waiters to go on. */
  expect(expected: Expected): void {
    this.#expected.push(expected);
    native.markMicrotasks(this.tracker);
  }

  /** A promise job begins. */
  onJob(): void {
    if (this.#current === undefined) {
      this.reached[1]!--;
      this.#current = this.#expected.shift();
      this.#next = 0;
    }
    const current = this.#current;
    if (current === undefined) return;
    if (this.#next === 0 && native.isPending(current.promise)) {
      // It was resolved with another promise, and nobody has gone on.
      this.#current = undefined;
      this.counters.lost += current.waits.filter(({ sampled }) => sampled !== undefined).length;
      return;
    }
    const { sampled } = current.waits[this.#next++]!;
    if (this.#next === current.waits.length) this.#current = undefined;
    if (sampled !== undefined) this.resumed = { label: current.label, sampled };
  }

  /** It ends, and nothing has been done in it that would have told whose it was. */
  onJobEnd(): void {
    this.resumed = undefined;
    this.counters.lost++;
  }

  /** Hands over what has been resumed. */
  take(): { label: string; sampled: Sampled } {
    const resumed = this.resumed!;
    this.resumed = undefined;
    return resumed;
  }

  clear(): void {
    this.resumed = undefined;
    this.#current = undefined;
    this.#expected.length = 0;
  }
}
