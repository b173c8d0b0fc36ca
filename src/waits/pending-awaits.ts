import { native, type PrivateKey } from '../binding';
import type { PendingAwaitColumns } from '../native-results';
import { currentLabels, labelsAreUsed } from '../labels/labels';
import { random } from './chance';

/* Notes promises when the first wait for them begins, for the sample of waits under way: see native/pending_awaits.h. */

/** Promises noted before those that are settled are forgotten. */
const NOTED = 512;
/** Elements of the cell. */
const COUNTDOWN = 0;
const LENGTH = 1;
const EVERY = 2;

export class PendingAwaits {
  readonly #list: unknown[] = new Array<unknown>(NOTED).fill(undefined);
  readonly #labels: unknown[] = new Array<unknown>(NOTED).fill(undefined);
  readonly #cell = new Float64Array(3);
  readonly #sample = native.newPendingAwaits();
  readonly note: (promise: object) => void;

  /** @param since the key under which a promise has 0 when there will be no more waits for it */
  constructor(private readonly since: PrivateKey) {
    this.note = this.#create();
  }

  install(): void {
    this.remove();
    this.#cell[EVERY] = 1;
    native.startPendingAwaits(this.#sample, this.#list, this.#labels, this.#cell);
  }

  remove(): void {
    native.stopPendingAwaits(this.#sample);
    this.#list.fill(undefined);
    this.#labels.fill(undefined);
    this.#cell.fill(0);
  }

  take(): PendingAwaitColumns {
    return native.takePendingAwaits(this.#sample);
  }

  #create(): (promise: object) => void {
    const list = this.#list;
    const labels = this.#labels;
    const cell = this.#cell;
    const sample = this.#sample;
    const { since } = this;
    let every = 1;

    /** Forgets what is settled, as nearly all is; the rest goes into the sample when it is much. */
    const compact = (): void => {
      let kept = 0;
      // A garbage collection meanwhile must not find what is in two places. One before has left gaps.
      cell[LENGTH] = 0;
      for (let i = 0; i < NOTED; i++) {
        const promise = list[i] as Record<PrivateKey, unknown> | undefined;
        if (promise === undefined || promise[since] === 0) continue;
        list[kept] = promise;
        labels[kept] = labels[i];
        kept++;
      }
      list.fill(undefined, kept);
      cell[LENGTH] = kept;
      if (kept > NOTED / 2) native.collectPendingAwaits(sample);
    };

    const add = (promise: object): void => {
      if (cell[LENGTH] === NOTED) compact();
      if (every !== cell[EVERY]) {
        every = cell[EVERY]!;
        const countdown = waitsUntilNext(every);
        cell[COUNTDOWN] = countdown - 1;
        if (countdown > 1) return;
      }
      const i = cell[LENGTH]!;
      list[i] = promise;
      if (labelsAreUsed()) labels[i] = currentLabels();
      cell[LENGTH] = i + 1;
      if (every > 1) cell[COUNTDOWN] = waitsUntilNext(every);
    };

    return (promise) => {
      if (--cell[COUNTDOWN]! <= 0) add(promise);
    };
  }
}

/** Each is noted with the chance 1 / every, whatever has been noted before: so many it takes to the next one. */
function waitsUntilNext(every: number): number {
  return every === 1 ? 1 : Math.floor(Math.log1p(-random()) / Math.log1p(-1 / every)) + 1;
}
