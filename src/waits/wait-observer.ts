import type { Labels } from '../labels/labels';
import type { EffectiveRate } from './effective-rate';
import type { Wait } from './resumptions';

/* What the promise hooks are told to look for, and what they tell. */

/** What is recorded; each may be switched on and off while waits are under way. */
export interface WaitRates {
  /** Go's block rate in milliseconds, or undefined for off. */
  block: EffectiveRate | undefined;
  /** Go's mutex fraction, or undefined for off. */
  mutex: EffectiveRate | undefined;
  /** Whether the labels of who waits, or ends waits, are recorded with them. */
  labels: boolean;
}

/** A hook, which is on the stack of whatever it is told of. */
export type Hook = (...args: never[]) => unknown;

/** A promise is settled, and its waits are to be recorded. */
export interface SettledEvent {
  promise: object;
  waits: readonly Wait[];
  /** Those of the first waiter, if they are recorded. */
  labels: Labels | undefined;
  /** How many hand-offs it stands for; 0 when it is not to be recorded as one. */
  fraction: number;
  /** The task of the waiter; undefined where none is known. */
  task: number | undefined;
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

/** What to do about it. Called from within a hook, which is on the stack. */
export interface WaitObserver {
  onSettled(event: SettledEvent): void;
  /** The waiter of a wait that resumptions expected goes on; `promise` is what it settles, if it does that first. */
  onResumed(promise: object | undefined, hook: Hook): void;
}
