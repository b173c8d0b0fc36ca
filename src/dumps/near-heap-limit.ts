import { isMainThread } from 'node:worker_threads';
import { native } from '../binding';
import { checkAbortSignal, checkObject } from '../checks';
import { program } from '../profiles/program';
import { threadState } from '../threads/thread-state';
import { aroundTime, checkFolder } from './file-names';

/** Where a profile is written near the heap limit. */
export interface NearHeapLimitOptions {
  /** A folder that exists. Default: the working directory of the time of the call. */
  path?: string;
  /** Ends it. */
  signal?: AbortSignal;
}

/** Called when the latest call of dumpNearHeapLimit() no longer counts. */
const state = threadState('near heap limit', (): { forget?: (() => void) | undefined } => ({}));

/**
 * Writes the heap profile to a file when V8 reports that this thread's heap is near its limit, as of the collection after which
 * V8 does so: once, without running JavaScript, and in little memory. Its name begins with `heap-near-limit-`, and a
 * line on stderr tells it, or why it could not be written. Then V8 goes on as it would have: it ends the process with its usual
 * message, or the worker with ERR_WORKER_OUT_OF_MEMORY, unless the program frees enough by then. Before that the limit is
 * raised, by at most a quarter of the heap and what the young generation may grow to: 48 MiB by default on 64-bit machines.
 *
 * A later call takes the place of this one, and stop() ends it. V8 reports nothing when a single object does not fit that
 * is larger than what is left.
 *
 * @throws TypeError or RangeError for bad options; nothing has changed then
 */
export function dumpNearHeapLimit(options: NearHeapLimitOptions = {}): void {
  checkObject('options', options);
  const { path = '.', signal } = options;
  const folder = checkFolder('path', path);
  if (signal !== undefined) checkAbortSignal('signal', signal);
  state.forget?.();
  state.forget = undefined;
  if (signal?.aborted) {
    native.stopNearHeapLimit();
    return;
  }
  const { prefix, suffix } = aroundTime(folder, 'heap-near-limit');
  native.dumpNearHeapLimit(prefix, suffix, program(), !isMainThread);
  if (signal === undefined) return;
  const end = (): void => native.stopNearHeapLimit();
  signal.addEventListener('abort', end, { once: true });
  state.forget = () => signal.removeEventListener('abort', end);
}
