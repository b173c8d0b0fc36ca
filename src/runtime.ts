import { getHeapStatistics } from 'node:v8';
import { native } from './binding';
import { codedError } from './errors';
import { keepReady } from './cpu/window';
import { checkRate, checkStartOptions, type CheckedOptions } from './start-options';
import { setSourceOptions } from './sources/places';
import { changed } from './threads/changes';
import { claimThread, threadState } from './threads/thread-state';
import { setWaitOptions } from './waits/rates';

/** Go's default: one sample per 512 KiB. */
const DEFAULT_RATE = 524288;
const DEFAULT_BUDGET = 0.01;

interface HeapState {
  rate: number;
  /** Undefined while stopped. */
  started: CheckedOptions | undefined;
  /** Of the latest start; before the first one, what it is by default. */
  fullGoroutineLimit: number;
}

const state = threadState('heap', (): HeapState => {
  const { fullGoroutineLimit } = checkStartOptions({}, DEFAULT_RATE);
  return { rate: DEFAULT_RATE, started: undefined, fullGoroutineLimit };
});

/** See src/start.ts. */
export function start(options: CheckedOptions): void {
  if (state.started !== undefined) throw codedError('ERR_MPROF_ALREADY_STARTED', 'mprof is started already; call stop() first');
  claimThread();
  startSampler(options.memProfileRate, options);
  state.rate = options.memProfileRate;
  state.started = options;
  state.fullGoroutineLimit = options.fullGoroutineLimit;
  keepReady(options.cpuProfile);
  setWaitOptions(options);
  setSourceOptions(options);
  changed('memProfileRate');
  changed('started');
}

/** See src/start.ts. */
export function stop(): void {
  native.stopHeapSampler();
  native.stopNearHeapLimit();
  state.started = undefined;
  keepReady(false);
  changed('started');
}

/**
 * Sets the sampling rate: one sample per so many allocated bytes on average, 1 for every allocation, 0 for none. Before
 * start() it is the rate to start with. While running it takes effect at once: each record keeps the rate it was
 * sampled with, allocation totals go on, and since V8 forgets its samples at a change of rate, objects allocated
 * before it no longer count as in use. A rate of 0 leaves the profile as it is, as stop() does. Like Go's variable it is
 * meant to be set once, early.
 *
 * @throws TypeError or RangeError for anything but a non-negative integer up to 2147483647; nothing has changed then
 * @throws Error `ERR_MPROF_SAMPLER_IN_USE` as start() does
 */
export function setMemProfileRate(bytes: number): void {
  checkRate(bytes);
  if (state.started !== undefined && bytes !== state.rate) {
    if (native.getStats().lost) throw samplerInUse();
    startSampler(bytes, state.started);
  }
  state.rate = bytes;
  changed('memProfileRate');
}

/** The sampling rate in bytes, in force or to start with. */
export function memProfileRate(): number {
  return state.rate;
}

/**
 * @throws Error `ERR_MPROF_HEAP_TOO_LARGE` when more of this thread's heap is used than listing every promise in it is
 * allowed for
 */
export function checkFullGoroutines(): void {
  const { used_heap_size: used } = getHeapStatistics();
  const { fullGoroutineLimit } = state;
  if (used <= fullGoroutineLimit) return;
  throw codedError(
    'ERR_MPROF_HEAP_TOO_LARGE',
    `full must be left out while more than ${fullGoroutineLimit} bytes of heap are used, which are ${used}: listing every promise ` +
      'stops the thread for about a second per 100 MB; start({ fullGoroutineLimit }) allows more',
  );
}

/** What would start another thread as this one was; undefined while stopped. */
export function startOptions(): CheckedOptions | undefined {
  return state.started && { ...state.started, memProfileRate: state.rate };
}

/** Whether start() has been called, and stop() has not. */
export function isStarted(): boolean {
  return state.started !== undefined;
}

/** Starts V8's sampler, anew if it is running, or stops it for a rate of 0. */
function startSampler(bytes: number, { stackDepth, allocsBudget = bytes === 1 ? 1 : DEFAULT_BUDGET }: CheckedOptions): void {
  if (bytes === 0) native.stopHeapSampler();
  else if (!native.startHeapSampler(bytes, stackDepth, allocsBudget)) throw samplerInUse();
}

function samplerInUse(): Error {
  return codedError(
    'ERR_MPROF_SAMPLER_IN_USE',
    "V8's heap sampler, of which a thread has one, is in use by somebody else: a DevTools or inspector session, " +
      '--heap-prof, or another heap profiler in this process',
  );
}
