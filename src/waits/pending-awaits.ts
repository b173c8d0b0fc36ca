import { native, type PendingAwaitColumns, type PrivateKey } from '../binding';
import { currentLabels, labelsAreUsed } from '../labels/labels';
import { random } from './chance';

/* Notes waits as they begin, for the sample of those that are under way: see native/pending_awaits.h. */

/** Pairs of promises noted before those that are over are forgotten. */
const NOTED = 128;
/** Elements of the cell. */
const COUNTDOWN = 0;
const AT = 1;
const EVERY = 2;

export class PendingAwaits {
  readonly #ring: unknown[] = new Array<unknown>(2 * NOTED).fill(undefined);
  readonly #labels: unknown[] = new Array<unknown>(NOTED).fill(undefined);
  readonly #cell = new Float64Array(3);
  readonly #sample = native.newPendingAwaits();
  /** To be called when a promise begins to wait for another. */
  readonly note: (promise: object, waiter: object) => void;

  /** @param since the key under which a promise has 0 when there will be no more waits for it */
  constructor(private readonly since: PrivateKey) {
    this.note = this.#create();
  }

  install(): void {
    this.remove();
    this.#cell[EVERY] = 1;
    native.startPendingAwaits(this.#sample, this.#ring, this.#labels, this.#cell);
  }

  remove(): void {
    native.stopPendingAwaits(this.#sample);
    this.#ring.fill(undefined);
    this.#labels.fill(undefined);
    this.#cell.fill(0);
  }

  take(): PendingAwaitColumns {
    return native.takePendingAwaits(this.#sample);
  }

  /** One await in so many is noted now. */
  get every(): number {
    return this.#cell[EVERY]!;
  }

  #create(): (promise: object, waiter: object) => void {
    const ring = this.#ring;
    const labels = this.#labels;
    const cell = this.#cell;
    const sample = this.#sample;
    const { since } = this;
    let every = 1;

    /** Forgets waits that are over, as nearly all are; the others go into the sample when they are many. */
    const compact = (): void => {
      let kept = 0;
      // A garbage collection meanwhile must not find what is in two places. One before has left gaps.
      cell[AT] = 0;
      for (let at = 0; at < ring.length; at += 2) {
        const promise = ring[at] as Record<PrivateKey, unknown> | undefined;
        if (promise === undefined || promise[since] === 0) continue;
        ring[kept] = promise;
        ring[kept + 1] = ring[at + 1];
        labels[kept / 2] = labels[at / 2];
        kept += 2;
      }
      ring.fill(undefined, kept);
      labels.fill(undefined, kept / 2);
      cell[AT] = kept;
      if (kept > NOTED) native.collectPendingAwaits(sample);
    };

    const add = (promise: object, waiter: object): void => {
      if (cell[AT] === ring.length) compact();
      if (every !== cell[EVERY]) {
        every = cell[EVERY]!;
        const countdown = waitsUntilNext(every);
        cell[COUNTDOWN] = countdown - 1;
        if (countdown > 1) return;
      }
      const at = cell[AT]!;
      ring[at] = promise;
      ring[at + 1] = waiter;
      labels[at / 2] = labelsAreUsed() ? currentLabels() : undefined;
      cell[AT] = at + 2;
      if (every > 1) cell[COUNTDOWN] = waitsUntilNext(every);
    };

    return (promise, waiter) => {
      if (--cell[COUNTDOWN]! <= 0) add(promise, waiter);
    };
  }
}

/** Each wait is noted with the chance 1 / every, whatever has been noted before: so many it takes to the next one. */
function waitsUntilNext(every: number): number {
  return every === 1 ? 1 : Math.floor(Math.log1p(-random()) / Math.log1p(-1 / every)) + 1;
}
