import { promiseHooks } from 'node:v8';
import { native, type PrivateKey } from '../binding';
import { currentLabels, type Labels } from '../labels/labels';
import { clock } from './chance';
import { PendingAwaits } from './pending-awaits';
import { Resumptions, type Wait } from './resumptions';
import { sample } from './sample';
import { currentTask } from './tasks';
import type { WaitObserver, WaitRates } from './wait-observer';
import type { WebLocks } from './web-locks';

/*
 * V8 tells of every promise that is made to wait for another (init), and of every promise that is about to be settled
 * (settled), while its waiters are still attached to it, and of the beginning and the end of every promise job (before,
 * after). These hooks run for each of the program's promises: they time its waits, and decide which are to be recorded.
 *
 * What is kept about a promise is in properties nobody else sees.
 */

/**
 * When the waits for a promise began, in milliseconds, which are more than 1; SETTLED when there will be no more. Of a
 * promise that has come about by waiting for another, or from before the hooks, they are negative; MADE are those that have
 * not, before anybody waits for them.
 */
type Since = number | number[] | undefined;
const SETTLED = 0;
const MADE = 1;

/**
 * A promise whose settling is looked at as a hand-off, if it turns out to be one. Chosen when the first wait begins: to
 * ask for the task each time would take longer than all the rest.
 */
interface Candidate {
  /** How many hand-offs this one stands for. */
  fraction: number;
  /** The task of the waiter; SEVERAL when they are of several. */
  task: number | undefined;
}
const SEVERAL = 0;

/** A promise with what is kept about it. */
type Tracked = Record<PrivateKey, Since | Candidate | Labels>;

/** A promise that waits for another, which had this under `since` before. */
type Latest = [promise: object | undefined, target: Tracked | undefined, before: Since];

export class PromiseHooks {
  /** Finds waiters when they go on. */
  readonly resumptions: Resumptions;
  readonly #keys = native.newPrivateKeys('since', 'candidate', 'adopts', 'labels');
  /** A sample of the promises that are waited for: of those that have not come about by waiting for another. */
  readonly pending = new PendingAwaits(this.#keys.since);
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
  /** Set by the hooks. */
  #forgetJob: () => void = () => {};
  /** What to do when these are settled. */
  readonly #watched = new Map<object, () => void>();
  /** The promise whose job runs; undefined for none. */
  job: () => object | undefined = () => undefined;
  /** Made once: V8 then takes what they refer to for constants, and code optimised before an off and on stays good. */
  readonly #hooks;
  #stop: (() => void) | undefined;

  /** @param counters where waits are counted whose waiters do not show themselves */
  constructor(rates: WaitRates, locks: WebLocks, counters: { lost: number }, observer: WaitObserver) {
    this.resumptions = new Resumptions(this.#turns, this.#tracker, counters);
    this.#hooks = this.#create(rates, locks, counters, observer);
  }

  /** Installs them, anew if they are. */
  install(): void {
    if (this.#stop === undefined) this.pending.install();
    else this.#stop();
    native.trackTurns(this.#tracker, this.#turns, this.#latest);
    this.#stop = promiseHooks.createHook(this.#hooks) as () => void;
  }

  get installed(): boolean {
    return this.#stop !== undefined;
  }

  remove(): void {
    if (this.#stop === undefined) return;
    this.#stop();
    this.#stop = undefined;
    this.resumptions.clear();
    this.pending.remove();
    native.stopTrackingTurns(this.#tracker);
    // Hooks that are gone cannot tell that a job or a turn has ended.
    this.#turns.fill(0);
    this.#latest.fill(undefined);
    this.#forgetJob();
  }

  /** Calls `action` when the promise, which is pending, is settled: at the latest until the hooks are removed. */
  whenSettled(promise: object, action: () => void): void {
    this.#watched.set(promise, action);
  }

  /** Ignores the promises that the action makes and settles. */
  ignore(action: () => void): void {
    const turns = this.#turns;
    turns[3] = 1;
    try {
      action();
    } finally {
      turns[3] = 0;
    }
  }

  /** When the waits for the promise have begun, in milliseconds: none if they are not known, or are for another one. */
  waitsFor(promise: object): number[] {
    const since = (promise as Tracked)[this.#keys.since] as Since;
    if (since === undefined || since === MADE || (promise as Tracked)[this.#keys.adopts] !== undefined) return [];
    return (typeof since === 'number' ? [since] : since).map(Math.abs);
  }

  #create(rates: WaitRates, locks: WebLocks, counters: { lost: number }, observer: WaitObserver) {
    const { since, candidate, adopts, labels } = this.#keys;
    const turns = this.#turns;
    const { resumptions } = this;
    const { note } = this.pending;
    const { isPending } = native;
    const watched = this.#watched;
    let turnBegan = 0;
    let job: object | undefined;
    /** Nothing has happened in this job so far. */
    let isNewJob = false;
    const latest = this.#latest;
    this.job = () => job;
    this.#forgetJob = () => {
      job = undefined;
      isNewJob = false;
    };

    const onInit = (promise: object, parent?: object): void => {
      if (turns[3] !== 0) return;
      if (resumptions.resumed !== undefined) observer.onResumed(undefined, init);
      if (isNewJob) {
        isNewJob = false;
        // V8's own job, in which a promise that was resolved with another one begins to wait for that.
        if (parent !== undefined && isMade((job as Tracked)[since] as Since)) (job as Tracked)[adopts] = MADE;
      }
      if (parent === undefined) {
        (promise as Tracked)[since] = MADE;
        return;
      }
      const target = parent as Tracked;
      const before = target[since] as Since;
      if (before === SETTLED) return;
      const time = clock();
      if (turns[0] === 0) {
        turns[0] = 1;
        turnBegan = time;
      }
      latest[0] = promise;
      latest[1] = target;
      latest[2] = before;
      if (before === MADE || before === undefined) {
        target[since] = before === MADE ? time : -time;
        if (before === MADE) note(target);
        const fraction = rates.mutex === undefined ? 0 : rates.mutex.choose(time);
        if (fraction > 0) target[candidate] = { fraction, task: currentTask() };
        if (rates.labels) target[labels] = currentLabels();
      } else if (!isPending(target)) {
        target[since] = SETTLED;
      } else {
        if (typeof before === 'number') target[since] = [before, Math.sign(before) * time];
        else before.push(Math.sign(before[0]!) * time);
        const chosen = target[candidate] as Candidate | undefined;
        if (chosen !== undefined && chosen.task !== currentTask()) chosen.task = SEVERAL;
      }
    };

    const onSettled = (promise: object): void => {
      if (turns[3] !== 0) return;
      if (watched.size !== 0) {
        watched.get(promise)?.();
        watched.delete(promise);
      }
      if (promise === latest[0]) {
        latest[0] = undefined;
        const previous = latest[2];
        const target = latest[1]!;
        if (typeof previous === 'object') previous.pop();
        else {
          target[since] = previous;
          if (target[candidate] !== undefined) target[candidate] = undefined;
        }
        return;
      }
      if (resumptions.resumed !== undefined) observer.onResumed(promise, settled);
      const began = (promise as Tracked)[since] as Since;
      if (began === undefined || began === SETTLED) return;
      (promise as Tracked)[since] = SETTLED;
      if (began === MADE) return;
      // The result of then() is derived from what it was called on.
      if (promise === job && !isMade(began)) return;
      const first = typeof began === 'number' ? began : began[0]!;
      const turn = turns[0] === 0 ? Infinity : turnBegan;
      if (Math.abs(first) >= turn) return;
      let waiterLabels: Labels | undefined;
      if (rates.labels) {
        waiterLabels = (promise as Tracked)[labels] as Labels | undefined;
        // Nobody will ask again, and the promise may live on.
        (promise as Tracked)[labels] = undefined;
      }
      const hasUnseenSource = turns[2] === 0 && (promise === job || (job !== undefined && isMade((job as Tracked)[since] as Since)));
      turns[2] = 1;
      const now = clock();
      const inJob = job !== undefined;
      const rate = rates.block === undefined ? Infinity : rates.block.at(now);
      const isHeld = locks.inUse && locks.isHeldUntil(promise);
      let fraction = 0;
      let task: number | undefined;
      if (rates.mutex !== undefined) {
        const chosen = (promise as Tracked)[candidate] as Candidate | undefined;
        if (isHeld) fraction = rates.mutex.choose(now);
        else if (inJob && chosen !== undefined) ({ fraction, task } = chosen);
      }
      let waits: Wait[];
      if (typeof began === 'number') {
        const duration = now - Math.abs(began);
        const sampled = sample(duration, rate);
        // Nearly all end here, and leave nothing for the garbage collector.
        if (sampled === undefined && fraction === 0) return;
        waits = [{ duration, sampled }];
      } else {
        waits = severalWaits(began, turn, now, rate);
        if (fraction === 0 && waits.every(({ sampled }) => sampled === undefined)) return;
      }
      observer.onSettled({ promise, waits, labels: waiterLabels, fraction, task, inJob, isHeld, hasUnseenSource, hook: settled });
    };

    // These two are called wherever the program is, with hardly any machine stack left, too. Node.js would take what they
    // throw for an uncaught exception.
    const init = (promise: object, parent?: object): void => {
      try {
        onInit(promise, parent);
      } catch {
        counters.lost++;
      }
    };
    const settled = (promise: object): void => {
      try {
        onSettled(promise);
      } catch {
        counters.lost++;
      }
    };
    const before = (promise: object): void => {
      job = promise;
      isNewJob = true;
      turns[3] = 0;
      resumptions.resumed = undefined;
      if (turns[1] !== 0 || resumptions.active) resumptions.onJob();
    };
    const after = (): void => {
      job = undefined;
      isNewJob = false;
      if (resumptions.resumed !== undefined) resumptions.onJobEnd();
    };
    return { init, settled, before, after };
  }
}

/** Whether a promise with such a mark has not come about by waiting for another. */
function isMade(began: Since): boolean {
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
