import { executionAsyncResource } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import { native, type PrivateKey } from '../binding';
import { isOwn, StackCapture, type CallSite } from './capture';
import type { EffectiveRate } from './effective-rate';
import { isHandOff, settlement } from './settlement';
import { recordBlock, recordMutex } from './recorder';

/*
 * Measures how long promises are waited for, and by whom they are settled.
 *
 * V8 tells of every promise that is made to wait for another (init), and of every promise that is about to be settled
 * (settled), while its waiters are still attached to it. So a wait's duration and the settler's stack are known at one
 * moment, and the waiter's stack can be had then, with the line of its await: only for waits that are recorded.
 *
 * Nothing is kept about a promise but numbers in properties nobody else sees.
 */

type Tracked = Record<PrivateKey, number | number[] | undefined>;

/** What is recorded; each may be switched on and off while waits are under way. */
export interface WaitRates {
  /** Go's block rate in milliseconds, or undefined for off. */
  block: EffectiveRate | undefined;
  /** Go's mutex fraction, or undefined for off. */
  mutex: EffectiveRate | undefined;
}

export interface WaitCounters {
  /** Waits whose waiter could not be found. */
  lost: number;
  /** Failures of the profiler itself; the first one switches it off. */
  failures: number;
}

/** Stack frames to ask for: synchronous ones count first, and must not crowd out the asynchronous callers. */
const CAPTURE_LIMIT = 256;
/** Enough of a settler's stack to tell what it is: our own frames and some of its own. */
const CLASSIFY_LIMIT = 8;
const NANOS = 1e6;

export class PromiseWaits {
  readonly rates: WaitRates = { block: undefined, mutex: undefined };
  readonly counters: WaitCounters = { lost: 0, failures: 0 };
  readonly #capture = new StackCapture();
  readonly #arm = native.armProbe();
  readonly #since: PrivateKey;
  #stopHooks: (() => void) | undefined;

  constructor() {
    this.#since = native.newPrivateKeys('since').since;
  }

  get installed(): boolean {
    return this.#stopHooks !== undefined;
  }

  install(): void {
    if (this.#stopHooks !== undefined) return;
    const turn = new Float64Array(1);
    native.trackTurns(turn);
    this.#stopHooks = promiseHooks.createHook(this.#hooks(turn)) as () => void;
  }

  remove(): void {
    this.#stopHooks?.();
    this.#stopHooks = undefined;
    native.stopTrackingTurns();
  }

  #hooks(turn: Float64Array) {
    const since = this.#since;
    const { isPending } = native;
    const { now } = performance;
    const clock = now.bind(performance);
    let turnBegan = 0;
    let job: object | undefined;
    // The latest wait, until something else happens: `await 1` seems to make a wrapper wait for the async function's
    // own promise, and is told by the wrapper's being settled at once.
    let latest: object | undefined;
    let latestTarget: Tracked | undefined;
    let latestBefore: number | number[] | undefined;

    const init = (promise: object, parent: object | undefined): void => {
      if (this.#busy || parent === undefined) return;
      const target = parent as Tracked;
      const time = clock();
      if (turn[0] === 0) {
        turn[0] = 1;
        turnBegan = time;
      }
      const before = target[since];
      latest = promise;
      latestTarget = target;
      latestBefore = before;
      if (before === undefined || !isPending(target)) target[since] = time;
      else target[since] = typeof before === 'number' ? [before, time] : [...before, time];
    };

    const settled = (promise: object): void => {
      if (this.#busy) return;
      if (promise === latest) {
        latest = undefined;
        latestTarget![since] = latestBefore;
        return;
      }
      const began = (promise as Tracked)[since];
      if (began === undefined || promise === job) return;
      const first = typeof began === 'number' ? began : began[0]!;
      if (job !== undefined && turn[0] !== 0 && first >= turnBegan) return;
      this.#onSettled(promise, began, clock(), job !== undefined);
    };

    const before = (promise: object): void => {
      job = promise;
    };
    const after = (): void => {
      job = undefined;
    };
    return { init, settled, before, after };
  }

  /** Our own promises are under way; hooks are to ignore them. */
  #busy = false;

  #onSettled(promise: object, began: number | number[], now: number, inJob: boolean): void {
    const { block, mutex } = this.rates;
    const waits = typeof began === 'number' ? [now - began] : began.map((time) => now - time);
    const blockRate = block === undefined ? Infinity : block.at(now);
    const chosen = block === undefined ? [] : waits.filter((duration) => duration >= blockRate || Math.random() * blockRate < duration);
    const fraction = mutex === undefined || !inJob ? 0 : mutex.at(now);
    const handOff = fraction > 0 && Math.random() * fraction < 1;
    if (chosen.length === 0 && !handOff) return;
    this.#busy = true;
    try {
      this.#record(promise, { waits, chosen, blockRate, fraction: handOff ? fraction : 0, inJob });
    } catch {
      this.counters.failures++;
      this.remove();
    } finally {
      this.#busy = false;
    }
  }

  #record(promise: object, event: { waits: number[]; chosen: number[]; blockRate: number; fraction: number; inJob: boolean }): void {
    const { waits, chosen, blockRate, fraction, inJob } = event;
    const settler = this.#capture.take(fraction > 0 ? CAPTURE_LIMIT : CLASSIFY_LIMIT).filter((site) => !isOwn(site));
    const kind = settlement(settler, inJob);
    if (kind === 'derived') return;
    if (fraction > 0 && isHandOff(kind, settler)) {
      const delay = waits.reduce((sum, duration) => sum + duration, 0);
      recordMutex(withoutBuiltins(settler), fraction, fraction * delay * NANOS);
      this.rates.mutex?.recorded();
    }
    if (chosen.length === 0) return;
    const label = inJob ? 'await' : nameOfResource();
    const waiter = this.#waiterOf(promise);
    if (waiter.length === 0) {
      this.counters.lost += chosen.length;
      return;
    }
    for (const duration of chosen) {
      const certain = duration >= blockRate;
      recordBlock(label, waiter, certain ? 1 : blockRate / duration, (certain ? duration : blockRate) * NANOS);
    }
    this.rates.block?.recorded();
  }

  /** The asynchronous stack of whoever waits for the promise; empty where V8 finds none, as for several waiters. */
  #waiterOf(promise: object): CallSite[] {
    let sites: CallSite[] = [];
    this.#arm(promise, () => {
      sites = this.#capture.take(CAPTURE_LIMIT);
    });
    native.runProbe();
    return sites.filter((site) => site.isAsync());
  }
}

/** A name for what a callback outside any promise job was called for. */
function nameOfResource(): string {
  const name = (executionAsyncResource() as object).constructor?.name;
  return typeof name === 'string' && name !== 'Object' && name !== '' ? name : 'callback';
}

function withoutBuiltins(sites: CallSite[]): CallSite[] {
  return sites.filter((site) => site.getFileName() !== null);
}
