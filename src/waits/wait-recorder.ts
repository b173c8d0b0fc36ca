import { executionAsyncResource } from 'node:async_hooks';
import { native } from '../binding';
import { observedAtomics } from './atomics';
import { currentLabels, type Labels } from '../labels/labels';
import { StackCapture, type CallSite } from './capture';
import { clock } from './chance';
import { isOwnStack } from './frames';
import { PromiseHooks } from './promise-hooks';
import { frameNumbers, recordBlock, recordMutexFrames } from './record';
import { nameOfResource } from './resource';
import { sample } from './sample';
import { asyncCallers, ownFrames, settlement, SETTLEMENT_FRAMES } from './settlement';
import { currentTask, ignoreRequests, watchRequests } from './tasks';
import { waiterProbe } from './waiter-probe';
import type { Hook, SettledEvent, WaitRates } from './wait-observer';
import { WebLocks, type Grant } from './web-locks';

/*
 * Records waits as they end: by whom they are ended, and who has waited.
 *
 * A wait's duration and the settler's stack are known at one moment, and the waiter's stack can be had then, with the line
 * of its await: only for waits that are recorded.
 */

export interface WaitCounters {
  /** Waits whose waiter could not be found, or that whoever has ended them does not know of. */
  lost: number;
  /** Failures of the profiler itself; the first one switches it off. */
  failures: number;
}

/** An await that is under way. */
export interface PendingAwait {
  /** Numbers of the frames of who waits, leaf first. Empty where V8 finds no async function, as for several waiters. */
  frames: readonly number[];
  /** How many such awaits it stands for. */
  count: number;
  /** In milliseconds, of clock(); undefined for a wait that began while none were followed. */
  began: number | undefined;
  labels: Labels | undefined;
  /** The same object each time it is met; undefined for the second waiter of a promise, and further ones. */
  identity: object | undefined;
}

/** Stack frames to ask for: synchronous ones count first, and must not crowd out the asynchronous callers. */
const CAPTURE_LIMIT = 256;
const NANOS = 1e6;
/** What it costs to tell how a promise is settled, by a few frames, as part of a whole stack's. */
const SETTLEMENT_COST = 1 / 25;

export class WaitRecorder {
  readonly rates: WaitRates = { block: undefined, mutex: undefined, labels: false };
  readonly #capture = new StackCapture();
  readonly #waiterOf = waiterProbe(this.#capture);
  /** What hand-offs in a job are charged to besides its own frames, where the stack does not tell any more. */
  #callers: { job: WeakRef<object> | undefined; frames: readonly number[] } = { job: undefined, frames: [] };
  readonly #locks = new WebLocks(() => this.#labels(), (grant) => this.#recordGrant(grant));
  readonly #hooks: PromiseHooks;
  readonly #atomics: ReturnType<typeof observedAtomics>;

  /** @param counters to count in */
  constructor(private readonly counters: WaitCounters) {
    this.#hooks = new PromiseHooks(this.rates, this.#locks, this.counters, {
      onSettled: (event) => this.#onSettled(event),
      onResumed: (promise, hook) => this.#onResumed(promise, hook),
    });
    this.#atomics = observedAtomics({
      onWait: (nanos, hook) => this.#recordThreadWait(nanos, hook),
      onNotify: (nanos, hook) => this.#recordNotify(nanos, hook),
      onUntracked: () => this.counters.lost++,
      whenSettled: (promise, ended) => this.#hooks.whenSettled(promise, ended),
    });
  }

  /** Installs what the rates need. */
  install(): void {
    if (this.rates.mutex !== undefined) watchRequests();
    else ignoreRequests();
    this.#hooks.install();
    this.#locks.install();
    for (const atomic of this.#atomics) atomic.install();
  }

  remove(): void {
    this.#hooks.remove();
    this.#locks.remove();
    for (const atomic of this.#atomics) atomic.remove();
    native.endAllAtomicsWaits();
    ignoreRequests();
  }

  get isFollowing(): boolean {
    return this.#hooks.installed;
  }

  /**
   * The awaits that are under way, those of what has an await of its own included, and those of this package left out; a
   * sample where there are many. Undefined while none are followed.
   */
  takePending(): PendingAwait[] | undefined {
    if (!this.isFollowing) return undefined;
    const awaits: PendingAwait[] = [];
    this.#guarded(() => {
      const { promises, labels, weights } = this.#hooks.pending.take();
      promises.forEach((promise, i) => {
        if (promises.indexOf(promise) < i) return;
        const waits = this.#hooks.waitsFor(promise);
        const frames = waits.length === 0 ? [] : frameNumbers(this.#waiterOf(promise));
        if (isOwnStack(frames)) return;
        const common = { frames, count: weights[i]!, labels: labels[i] as Labels | undefined };
        // Each of several waiters is one await.
        waits.forEach((began, wait) => awaits.push({ ...common, began, identity: wait === 0 ? promise : undefined }));
      });
    });
    return awaits;
  }

  /** Does something whose promises are not the program's, and tells when waits have begun that are known. */
  apart<Result>(action: (waitsFor: (promise: object) => number[]) => Result): Result {
    let result: Result;
    this.#hooks.ignore(() => {
      result = action((promise) => this.#hooks.waitsFor(promise));
    });
    return result!;
  }

  /** The Web Lock that was requested has been granted, and its callback is about to be called. */
  #recordGrant({ request, ms, labels }: Grant): void {
    const { block } = this.rates;
    const sampled = block && sample(ms, block.at(clock()));
    if (sampled === undefined) return;
    block!.captured();
    this.#guarded(() => {
      const waiter = this.#waiterOf(request);
      if (waiter.length > 0) recordBlock('LockManager.request', waiter, sampled, labels);
      else this.counters.lost++;
    });
  }

  /** A thread waited with Atomics.wait(), and is still on the stack below `hook`. */
  #recordThreadWait(nanos: number, hook: Hook): void {
    const { block } = this.rates;
    const sampled = block && sample(nanos / NANOS, block.at(clock()));
    if (sampled === undefined) return;
    block!.captured();
    this.#guarded(() => recordBlock('Atomics.wait', this.#capture.take(CAPTURE_LIMIT, hook), sampled, this.#labels()));
  }

  /** A thread has ended waits of others that lasted so long together. */
  #recordNotify(nanos: number, hook: Hook): void {
    const { mutex } = this.rates;
    const fraction = mutex === undefined ? 0 : mutex.choose(clock());
    if (fraction === 0) return;
    mutex!.captured();
    const weighted = { count: fraction, delay: fraction * nanos };
    this.#guarded(() => recordMutexFrames(frameNumbers(this.#capture.take(CAPTURE_LIMIT, hook)), weighted, this.#labels()));
  }

  #onSettled(event: SettledEvent): void {
    const { promise, waits, fraction, task, inJob, isHeld, hasUnseenSource, hook } = event;
    const { block, mutex } = this.rates;
    const recorded = waits.some(({ sampled }) => sampled !== undefined);
    this.#guarded(() => {
      const kind = settlement(this.#capture.take(SETTLEMENT_FRAMES, hook), inJob && !hasUnseenSource);
      if (fraction > 0) mutex?.captured(SETTLEMENT_COST);
      if (recorded) block?.captured(SETTLEMENT_COST);
      if (fraction > 0 && isHeld) this.#recordHandOff(this.#locks.waitedFor(promise), fraction, hook);
      if (kind === 'derived' || isHeld) return;
      if (fraction > 0 && kind === 'explicit' && isAnotherTask(task)) {
        this.#recordHandOff(waits.reduce((sum, { duration }) => sum + duration, 0), fraction, hook);
      }
      if (recorded) this.#recordWaits(event);
    });
  }

  #recordHandOff(delay: number, fraction: number, hook: Hook): void {
    if (delay === 0) return;
    this.rates.mutex?.captured();
    const sites = this.#capture.take(CAPTURE_LIMIT, hook);
    const frames = frameNumbers(ownFrames(sites).filter(isInScript));
    const weighted = { count: fraction, delay: fraction * delay * NANOS };
    recordMutexFrames([...frames, ...this.#callersOf(sites)], weighted, this.#labels());
  }

  /** The asynchronous callers of the job that runs: those on its stack, unless it is known that they are no longer. */
  #callersOf(sites: readonly CallSite[]): readonly number[] {
    const { job, frames } = this.#callers;
    if (job !== undefined && job.deref() === this.#hooks.job()) return frames;
    return frameNumbers(asyncCallers(sites).filter(isInScript));
  }

  /** In the rest of a job in which a waiter is looked for, stacks are without them. */
  #keepCallers(hook: Hook): void {
    const job = this.#hooks.job();
    if (job === undefined || this.#callers.job?.deref() === job) return;
    const frames = this.#callersOf(this.#capture.take(CAPTURE_LIMIT, hook));
    this.#callers = { job: new WeakRef(job), frames };
  }

  #recordWaits({ promise, waits, labels, inJob, hook }: SettledEvent): void {
    const label = inJob ? 'await' : nameOfResource(executionAsyncResource());
    this.rates.block?.captured();
    if (waits.length === 1) {
      if (this.rates.mutex !== undefined) this.#keepCallers(hook);
      const waiter = this.#waiterOf(promise);
      if (waiter.length > 0) {
        recordBlock(label, waiter, waits[0]!.sampled!, labels);
        return;
      }
    }
    this.#hooks.resumptions.expect({ promise, label, waits });
  }

  /** The first thing that a waiter does after its wait: it is on the stack, unless what waited was a promise again. */
  #onResumed(promise: object | undefined, hook: Hook): void {
    const { label, sampled } = this.#hooks.resumptions.take();
    this.#guarded(() => {
      const sites = this.#capture.take(CAPTURE_LIMIT, hook);
      const resumed = ownFrames(sites)
        .filter(isInScript)
        .at(-1);
      const waiter = resumed !== undefined ? [resumed, ...asyncCallers(sites)] : promise !== undefined ? this.#waiterOf(promise) : [];
      if (waiter.length > 0) recordBlock(label, waiter, sampled, this.#labels());
      else this.counters.lost++;
    });
  }

  /** Those in force, if they are recorded. */
  #labels(): Labels | undefined {
    return this.rates.labels ? currentLabels() : undefined;
  }

  /** An error of ours is nobody else's: it is counted, and ends the profiling of waits. */
  #guarded(action: () => void): void {
    try {
      this.#hooks.ignore(action);
    } catch (error) {
      this.#onFailure(error);
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

/** Whether this task is not the one that is worked on now; also true where neither is known. */
function isAnotherTask(task: number | undefined): boolean {
  const current = currentTask();
  return task !== current || current === undefined;
}

function isInScript(site: CallSite): boolean {
  return site.getFileName() !== null;
}
