import { executionAsyncResource } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import { native, type PrivateKey } from '../binding';
import { observeAtomics } from './atomics';
import { StackCapture, type CallSite } from './capture';
import { clock, random } from './chance';
import type { EffectiveRate } from './effective-rate';
import { recordBlock, recordMutex } from './recorder';
import { nameOfResource } from './resource';
import { Resumptions, type Wait } from './resumptions';
import { sample } from './sample';
import { asyncCallers, ownFrames, settlement, SETTLEMENT_FRAMES } from './settlement';
import { currentTask, ignoreRequests, watchRequests } from './tasks';
import { WebLocks } from './web-locks';

/*
 * Measures how long promises are waited for, and by whom they are settled.
 *
 * V8 tells of every promise that is made to wait for another (init), and of every promise that is about to be settled
 * (settled), while its waiters are still attached to it. So a wait's duration and the settler's stack are known at one
 * moment, and the waiter's stack can be had then, with the line of its await: only for waits that are recorded.
 *
 * Nothing is kept about a promise but numbers in properties nobody else sees.
 */

/**
 * Under `since`, when the waits for a promise began, in milliseconds, which are more than 1; SETTLED when there will be
 * no more. Of a promise that has come about by waiting for another, or from before the hooks, they are negative; MADE are
 * those that have not, before anybody waits for them. Under `task`, the task of the first waiter; SEVERAL when there are
 * others.
 */
type Tracked = Record<PrivateKey, number | number[] | undefined>;
const SETTLED = 0;
const MADE = 1;
const SEVERAL = 0;

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
const NANOS = 1e6;
/** What it costs to tell how a promise is settled, by a few frames, as part of a whole stack's. */
const SETTLEMENT_COST = 1 / 25;

type Hook = (...args: never[]) => unknown;

/** A promise that waits for another, which had this under `since` before. */
type Latest = [promise: object | undefined, target: Tracked | undefined, before: number | number[] | undefined];

/** A promise is settled, and its waits are to be recorded. */
interface SettledEvent {
  promise: object;
  waits: readonly Wait[];
  /** To be recorded as a hand-off, too. */
  handOff: boolean;
  fraction: number;
  /** A promise job is running. */
  inJob: boolean;
  /** A Web Lock is held until then. */
  isHeld: boolean;
  /**
   * Its promise has not come about by waiting for another. Then V8 has not told of the wait that has brought the job about,
   * which happens with for await over what is no async iterator, and with subclasses of Promise. Only for the first wait
   * that ends in a turn: a later one may be derived from that.
   */
  hasUnseenSource: boolean;
  /** The hook that was told. */
  hook: Hook;
}

export class PromiseWaits {
  readonly rates: WaitRates = { block: undefined, mutex: undefined };
  readonly counters: WaitCounters = { lost: 0, failures: 0 };
  readonly #capture = new StackCapture();
  readonly #arm = native.armProbe();
  readonly #keys = native.newPrivateKeys('since', 'task');
  /**
   * See native/turn_tracker.h: whether this turn's beginning is known, marks reached, whether a wait has ended in this turn,
   * and whether own promises are under way, which hooks are to ignore: that is not forgotten if V8 ends what runs then.
   */
  readonly #turns = new Float64Array(4);
  /**
   * The latest wait, until something else happens: `await 1` seems to make a wrapper wait for the async function's own
   * promise, and is told by the wrapper's being settled at once. Forgotten at the end of the turn at the latest.
   */
  readonly #latest: Latest = [undefined, undefined, undefined];
  readonly #tracker = native.newTurnTracker();
  readonly #resumptions = new Resumptions(this.#turns, this.#tracker, this.counters);
  readonly #locks = new WebLocks((request, ms) => this.#recordGrant(request, ms));
  /** Set by the hooks. */
  #forgetJob: () => void = () => {};
  /** Made once: V8 then takes what they refer to for constants, and code optimised before an off and on stays good. */
  readonly #hooks = this.#createHooks();
  #stopHooks: (() => void) | undefined;
  #restoreAtomics: (() => void) | undefined;

  /** Installs what the rates need. */
  install(): void {
    this.#stopHooks?.();
    native.trackTurns(this.#tracker, this.#turns, this.#latest);
    if (this.rates.mutex !== undefined) watchRequests();
    else ignoreRequests();
    this.#stopHooks = promiseHooks.createHook(this.#hooks) as () => void;
    this.#locks.install();
    this.#restoreAtomics ??= observeAtomics({
      onWait: (nanos, hook) => this.recordThreadWait(nanos, hook),
      onNotify: (nanos, hook) => this.recordNotify(nanos, hook),
    });
  }

  remove(): void {
    if (this.#stopHooks === undefined) return;
    this.#stopHooks();
    this.#stopHooks = undefined;
    this.#locks.remove();
    this.#restoreAtomics?.();
    this.#restoreAtomics = undefined;
    this.#resumptions.clear();
    ignoreRequests();
    native.stopTrackingTurns(this.#tracker);
    // Hooks that are gone cannot tell that a job or a turn has ended.
    this.#turns.fill(0);
    this.#latest.fill(undefined);
    this.#forgetJob();
  }

  #createHooks() {
    const { rates } = this;
    const locks = this.#locks;
    const { since, task } = this.#keys;
    const turns = this.#turns;
    const resumptions = this.#resumptions;
    const { isPending } = native;
    let turnBegan = 0;
    let job: object | undefined;
    const latest = this.#latest;
    this.#forgetJob = () => {
      job = undefined;
    };

    const init = (promise: object, parent?: object): void => {
      if (turns[3] !== 0) return;
      if (resumptions.resumed !== undefined) this.#onResumed(undefined, init);
      if (parent === undefined) {
        (promise as Tracked)[since] = MADE;
        return;
      }
      const target = parent as Tracked;
      const before = target[since];
      if (before === SETTLED) return;
      const time = clock();
      if (turns[0] === 0) {
        turns[0] = 1;
        turnBegan = time;
      }
      latest[0] = promise;
      latest[1] = target;
      latest[2] = before;
      if (before === MADE) {
        target[since] = time;
        if (rates.mutex !== undefined) target[task] = currentTask();
      } else if (before === undefined) {
        target[since] = -time;
        if (rates.mutex !== undefined) target[task] = currentTask();
      } else if (!isPending(target)) {
        target[since] = SETTLED;
      } else {
        if (typeof before === 'number') target[since] = [before, Math.sign(before) * time];
        else before.push(Math.sign(before[0]!) * time);
        if (rates.mutex !== undefined && target[task] !== currentTask()) target[task] = SEVERAL;
      }
    };

    const settled = (promise: object): void => {
      if (turns[3] !== 0) return;
      if (promise === latest[0]) {
        latest[0] = undefined;
        const previous = latest[2];
        if (typeof previous === 'object') previous.pop();
        else latest[1]![since] = previous;
        return;
      }
      if (resumptions.resumed !== undefined) this.#onResumed(promise, settled);
      const began = (promise as Tracked)[since];
      if (began === undefined || began === SETTLED) return;
      (promise as Tracked)[since] = SETTLED;
      if (began === MADE) return;
      // The result of then() is derived from what it was called on.
      if (promise === job && !isMade(began)) return;
      const first = typeof began === 'number' ? began : began[0]!;
      const turn = turns[0] === 0 ? Infinity : turnBegan;
      if (Math.abs(first) >= turn) return;
      const hasUnseenSource = turns[2] === 0 && (promise === job || (job !== undefined && isMade((job as Tracked)[since])));
      turns[2] = 1;
      const now = clock();
      const inJob = job !== undefined;
      const rate = rates.block === undefined ? Infinity : rates.block.at(now);
      const isHeld = locks.inUse && locks.isHeldUntil(promise);
      const fraction = rates.mutex === undefined || !(inJob || isHeld) ? 0 : rates.mutex.at(now);
      const handOff = fraction > 0 && random() * fraction < 1;
      let waits: Wait[];
      if (typeof began === 'number') {
        const duration = now - Math.abs(began);
        const sampled = sample(duration, rate);
        // Nearly all end here, and leave nothing for the garbage collector.
        if (sampled === undefined && !handOff) return;
        waits = [{ duration, sampled }];
      } else {
        waits = severalWaits(began, turn, now, rate);
        if (!handOff && waits.every(({ sampled }) => sampled === undefined)) return;
      }
      this.#onSettled({ promise, waits, handOff, fraction, inJob, isHeld, hasUnseenSource, hook: settled });
    };

    const before = (promise: object): void => {
      job = promise;
      turns[3] = 0;
      resumptions.resumed = undefined;
      if (turns[1] !== 0 || resumptions.active) resumptions.onJob();
    };
    const after = (): void => {
      job = undefined;
      if (resumptions.resumed !== undefined) resumptions.onJobEnd();
    };
    return { init, settled, before, after };
  }

  /** The Web Lock that was requested has been granted, and its callback is about to be called. */
  #recordGrant(request: object, ms: number): void {
    const { block } = this.rates;
    const sampled = block && sample(ms, block.at(clock()));
    if (sampled === undefined) return;
    block!.captured();
    this.#guarded(() => {
      const waiter = this.#waiterOf(request);
      if (waiter.length > 0) recordBlock('LockManager.request', waiter, sampled);
      else this.counters.lost++;
    });
  }

  /** A thread waited with Atomics.wait(), and is still on the stack below `hook`. */
  recordThreadWait(nanos: number, hook: Hook): void {
    const { block } = this.rates;
    const sampled = block && sample(nanos / NANOS, block.at(clock()));
    if (sampled === undefined) return;
    block!.captured();
    this.#guarded(() => recordBlock('Atomics.wait', this.#capture.take(CAPTURE_LIMIT, hook), sampled));
  }

  /** A thread has ended waits of others that lasted so long together. */
  recordNotify(nanos: number, hook: Hook): void {
    const { mutex } = this.rates;
    const fraction = mutex === undefined ? 0 : mutex.at(clock());
    if (fraction === 0 || random() * fraction >= 1) return;
    mutex!.captured();
    this.#guarded(() => recordMutex(this.#capture.take(CAPTURE_LIMIT, hook), fraction, fraction * nanos));
  }

  #onSettled({ promise, waits, handOff, fraction, inJob, isHeld, hasUnseenSource, hook }: SettledEvent): void {
    const { block, mutex } = this.rates;
    const recorded = waits.some(({ sampled }) => sampled !== undefined);
    this.#guarded(() => {
      const kind = settlement(this.#capture.take(SETTLEMENT_FRAMES, hook), inJob && !hasUnseenSource);
      if (handOff) mutex?.captured(SETTLEMENT_COST);
      if (recorded) block?.captured(SETTLEMENT_COST);
      if (handOff && isHeld) this.#recordHandOff(this.#locks.waitedFor(promise), fraction, hook);
      if (kind === 'derived' || isHeld) return;
      if (handOff && kind === 'explicit' && this.#isOfAnotherTask(promise)) {
        this.#recordHandOff(waits.reduce((sum, { duration }) => sum + duration, 0), fraction, hook);
      }
      if (recorded) this.#recordWaits(promise, waits, inJob);
    });
  }

  /** Whether the waiter's task is not the one that settles the promise now; also true where neither is known. */
  #isOfAnotherTask(promise: object): boolean {
    const waiting = (promise as Tracked)[this.#keys.task];
    const settling = currentTask();
    return waiting !== settling || settling === undefined;
  }

  #recordHandOff(delay: number, fraction: number, hook: Hook): void {
    if (delay === 0) return;
    this.rates.mutex?.captured();
    const settler = this.#capture.take(CAPTURE_LIMIT, hook);
    const stack = [...ownFrames(settler), ...asyncCallers(settler)].filter((site) => site.getFileName() !== null);
    recordMutex(stack, fraction, fraction * delay * NANOS);
  }

  #recordWaits(promise: object, waits: readonly Wait[], inJob: boolean): void {
    const label = inJob ? 'await' : nameOfResource(executionAsyncResource());
    this.rates.block?.captured();
    if (waits.length === 1) {
      const waiter = this.#waiterOf(promise);
      if (waiter.length > 0) {
        recordBlock(label, waiter, waits[0]!.sampled!);
        return;
      }
    }
    this.#resumptions.expect({ promise, label, waits });
  }

  /** The first thing that a waiter does after its wait: it is on the stack, unless what waited was a promise again. */
  #onResumed(promise: object | undefined, hook: Hook): void {
    const { label, sampled } = this.#resumptions.take();
    this.#guarded(() => {
      const sites = this.#capture.take(CAPTURE_LIMIT, hook);
      const resumed = ownFrames(sites)
        .filter((site) => site.getFileName() !== null)
        .at(-1);
      const waiter = resumed !== undefined ? [resumed, ...asyncCallers(sites)] : promise !== undefined ? this.#waiterOf(promise) : [];
      if (waiter.length > 0) recordBlock(label, waiter, sampled);
      else this.counters.lost++;
    });
  }

  /** The asynchronous stack of whoever waits for the promise; empty where V8 finds none, as for several waiters. */
  #waiterOf(promise: object): readonly CallSite[] {
    let sites: CallSite[] = [];
    const job = (): void => {
      sites = this.#capture.take(CAPTURE_LIMIT, job);
    };
    this.#arm(promise, job);
    native.runProbe();
    return asyncCallers(sites);
  }

  /** An error of ours is nobody else's: it is counted, and ends the profiling of waits. */
  #guarded(action: () => void): void {
    const turns = this.#turns;
    turns[3] = 1;
    try {
      action();
    } catch (error) {
      this.#onFailure(error);
    } finally {
      turns[3] = 0;
    }
  }

  #onFailure(error: unknown): void {
    // The program has hardly any machine stack left.
    if (error instanceof RangeError) this.counters.lost++;
    else {
      this.counters.failures++;
      this.remove();
    }
  }
}

/** Whether a promise with such a mark has not come about by waiting for another. */
function isMade(began: number | number[] | undefined): boolean {
  return began !== undefined && (typeof began === 'number' ? began : began[0]!) > 0;
}

/**
 * The waits for a promise that have begun at these times. Those that have begun in the turn it is settled in have not really
 * waited. A function of its own: one inside the hook would make each of the hook's calls allocate what it refers to.
 */
function severalWaits(began: readonly number[], turn: number, now: number, rate: number): Wait[] {
  return began.map((signed) => {
    const duration = Math.abs(signed) < turn ? now - Math.abs(signed) : 0;
    return { duration, sampled: duration > 0 ? sample(duration, rate) : undefined };
  });
}
