import { native } from '../binding';
import { clock } from './chance';
import { ReplacedFunction } from './replaced-function';

/*
 * Waits of threads for each other, at addresses of shared memory. V8 has no hook for them, so this thread's Atomics
 * functions are replaced while they are profiled.
 */

type Callback = (...args: never[]) => unknown;

/** What to do about waits; durations in nanoseconds. */
export interface AtomicsObserver {
  /** A wait is over: still on the stack of the waiter, below `hook`. */
  onWait(nanos: number, hook: Callback): void;
  /** Waits have been ended, which lasted so long together: on the stack of who has done it, below `hook`. */
  onNotify(nanos: number, hook: Callback): void;
  /** Whoever ends this wait will not know how long it has been. */
  onUntracked(): void;
  /** Has `ended` called when the promise is settled. */
  whenSettled(promise: object, ended: () => void): void;
}

/** A call of Atomics.wait(). */
interface WaitCall {
  began: number;
  array: unknown;
  index: unknown;
  ticket: number;
}

const MS_TO_NANOS = 1e6;

/** @returns Atomics.wait, notify and waitAsync, to be replaced */
export function observedAtomics(observer: AtomicsObserver): readonly { install(): void; remove(): void }[] {
  function begin(array: unknown, index: unknown, timeout: unknown, blocksThread: boolean): number {
    const ticket = native.beginAtomicsWait(array, index, typeof timeout === 'number' ? timeout : Infinity, blocksThread);
    if (ticket < 0) observer.onUntracked();
    return ticket;
  }

  const wait = {
    before: (array: unknown, index: unknown, _: unknown, timeout: unknown): WaitCall => ({
      began: clock(),
      array,
      index,
      ticket: begin(array, index, timeout, true),
    }),
    after({ began, array, index, ticket }: WaitCall, result: unknown): void {
      if (ticket > 0) native.endAtomicsWait(array, index, ticket);
      if (result === 'ok' || result === 'timed-out') observer.onWait((clock() - began) * MS_TO_NANOS, wait.after);
    },
  };
  const notify = {
    before: (array: unknown, index: unknown, count: unknown): { nanos: number } => ({
      nanos: native.notifyAtomicsWaiters(array, index, mostNotified(count)),
    }),
    after({ nanos }: { nanos: number }, woken: unknown): void {
      if (nanos > 0 && woken !== 0 && woken !== undefined) observer.onNotify(nanos, notify.after);
    },
  };
  // Its own wait is that for its promise. The notifier has to know of it, though.
  const waitAsync = {
    before: (array: unknown, index: unknown, _: unknown, timeout: unknown) => ({ array, index, timeout }),
    after({ array, index, timeout }: { array: unknown; index: unknown; timeout: unknown }, result: unknown): void {
      const { async: isAsync, value } = (result ?? {}) as { async?: boolean; value?: object };
      if (isAsync !== true) return;
      const ticket = begin(array, index, timeout, false);
      // By whomever it is ended, profiled or not.
      if (ticket > 0) observer.whenSettled(value!, () => native.endAtomicsWait(array, index, ticket));
    },
  };
  return [
    new ReplacedFunction(Atomics, 'wait', wait),
    new ReplacedFunction(Atomics, 'notify', notify),
    new ReplacedFunction(Atomics, 'waitAsync', waitAsync),
  ];
}

/** What Atomics.notify() makes of its last argument. To ask an object could be noticed; it is taken for no limit. */
function mostNotified(count: unknown): number {
  if (count === undefined || typeof count === 'object' || typeof count === 'function') return count === null ? 0 : Infinity;
  return typeof count === 'symbol' || typeof count === 'bigint' ? 0 : Math.trunc(Number(count));
}
