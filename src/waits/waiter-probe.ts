import { native } from '../binding';
import type { CallSite, StackCapture } from './capture';
import { asyncCallers } from './settlement';

/** Asynchronous callers to ask for, and the frame of ours below them. */
const CAPTURE_LIMIT = 256;

/**
 * @returns a function that gives the asynchronous stack of whoever waits for a promise: empty where V8 finds none, as for
 * several waiters. Promises of its own are made and settled meanwhile.
 */
export function waiterProbe(capture: StackCapture): (promise: object) => readonly CallSite[] {
  const arm = native.armProbe();
  let sites: CallSite[] = [];
  const job = (): void => {
    sites = capture.take(CAPTURE_LIMIT, job);
  };
  return (promise) => {
    sites = [];
    arm(promise, job);
    native.runProbe();
    return asyncCallers(sites);
  };
}
