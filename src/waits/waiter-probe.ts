import { native } from '../binding';
import type { CallSite, StackCapture } from './capture';
import { asyncCallers } from './settlement';

/** Asynchronous callers to ask for, and the frame of ours below them. */
const CAPTURE_LIMIT = 256;

/** More machine stack than the probe's job takes: 16 KiB, as arguments. */
const ROOM: readonly number[] = new Array<number>(2048).fill(0);
const ignore = (): void => {};
const { apply } = Reflect;

/**
 * @returns a function that gives the asynchronous stack of whoever waits for a promise: empty where V8 finds none, as for
 * several waiters. Promises of its own are made and settled meanwhile. Throws a RangeError where hardly any machine stack is
 * left: in the job, which is nobody's that Node.js knows, that would end the process.
 */
export function waiterProbe(capture: StackCapture): (promise: object) => readonly CallSite[] {
  const arm = native.armProbe();
  let sites: CallSite[] = [];
  const job = (): void => {
    sites = capture.take(CAPTURE_LIMIT, job);
  };
  return (promise) => {
    apply(ignore, undefined, ROOM);
    sites = [];
    arm(promise, job);
    native.runProbe();
    return asyncCallers(sites);
  };
}
