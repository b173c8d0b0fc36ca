import { stopWritingOnSignal } from './dumps/on-signal';
import * as runtime from './runtime';
import { checkStartOptions, type StartOptions } from './start-options';
import { answerAboutLabels } from './cpu/label-windows';
import { answerAboutOperations } from './profiles/operations-of-others';
import { shareSettings } from './threads/sharing';
import { leaveNewWorkers, profileNewWorkers } from './threads/worker-constructor';

/**
 * Starts profiling this thread's heap, and says how the block and mutex profiles are taken once their rates are set.
 *
 * @throws TypeError or RangeError for bad options; nothing has changed then
 * @throws Error `ERR_MPROF_ALREADY_STARTED` when started already
 * @throws Error `ERR_MPROF_SAMPLER_IN_USE` when V8's sampler, of which a thread has one, is in use by somebody else
 * @throws Error `ERR_MPROF_UNSUPPORTED` for `callbacks: true` before Node.js 24
 */
export function start(options: StartOptions = {}): void {
  const checked = checkStartOptions(options, runtime.memProfileRate());
  runtime.start(checked);
  if (!checked.workers) return;
  shareSettings();
  answerAboutOperations();
  answerAboutLabels();
  profileNewWorkers();
}

/**
 * Stops profiling the heap; does nothing when not started. The block and mutex profiles go by their rates alone. Profiles
 * stay readable: they show the heap as of the last garbage collection before the stop. A later start() goes on counting
 * allocations, and what was in use before counts as freed, since V8 no longer tells its fate. Threads that share their
 * settings stop as well. Ends dumpNearHeapLimit() and writeProfilesOnSignal(), too.
 */
export function stop(): void {
  leaveNewWorkers();
  stopWritingOnSignal();
  runtime.stop();
}
