import { getHeapStatistics } from 'node:v8';
import { native } from './binding';
import { checkBoolean, checkInteger, checkNumber, checkObject } from './checks';
import { codedError } from './errors';
import { keepReady } from './cpu/window';
import { checkCallbacksSupported } from './waits/callbacks';
import { DEFAULT_CAPTURES, setWaitOptions } from './waits/rates';

/** How to profile. */
export interface StartOptions {
  /**
   * Bytes allocated between two samples, on average; see setMemProfileRate. Default: the rate set before, which is
   * 524288 if none was.
   */
  memProfileRate?: number;
  /** Frames kept of each stack, 1 to 256, counted from the leaf. Default 128. */
  stackDepth?: number;
  /**
   * Share of this thread's CPU time, above 0 and up to 1, that reading V8's samples before garbage collections may
   * take. Default 0.01, and 1 at a rate of 1, which asks for exact counts. Where it does not suffice, some collections
   * are left out; see the README.
   */
  allocsBudget?: number;
  /**
   * Stack captures per second that the block and mutex profiles may take. Their rates rise above what was set while
   * more would be taken, and every event is weighted with the rate it met. Default 20; 0 for no bound.
   */
  maxCapturesPerSecond?: number;
  /**
   * Whether the block profile also has waits for callbacks, from the call that starts an operation to its callback. Most
   * are behind a promise that is in the profile already. Default false. Needs Node.js 24 or newer.
   */
  callbacks?: boolean;
  /**
   * Bytes of used heap up to which a goroutine profile may be `full`: listing every promise stops the thread for about a
   * second per 100 MB. Default 268435456; 0 for never.
   */
  fullGoroutineLimit?: number;
  /**
   * Whether V8 is made ready for CPU profiles now and until stop(). Otherwise the first one makes the thread wait while V8
   * looks through the whole heap for code: with a large heap, for hundreds of milliseconds. Default false.
   */
  cpuProfile?: boolean;
}

/** Go's default: one sample per 512 KiB. */
const DEFAULT_RATE = 524288;
/** V8 cuts the distance between two samples to this, which would bias larger rates. */
const MAX_RATE = 2 ** 31 - 1;
/** V8 copies its tree of calls by recursion, within the little machine stack a deep recursion of the program may leave. */
const MAX_STACK_DEPTH = 256;

const DEFAULT_BUDGET = 0.01;
const DEFAULT_FULL_GOROUTINE_LIMIT = 256 * 2 ** 20;

interface HeapOptions {
  stackDepth: number;
  /** Undefined: the default for the rate. */
  allocsBudget: number | undefined;
}

let rate = DEFAULT_RATE;
let fullGoroutineLimit = DEFAULT_FULL_GOROUTINE_LIMIT;
/** What start() was called with; undefined while stopped. */
let started: HeapOptions | undefined;

/**
 * Starts profiling this thread's heap, and says how the block and mutex profiles are taken once their rates are set.
 *
 * @throws TypeError or RangeError for bad options; nothing has changed then
 * @throws Error `ERR_MPROF_ALREADY_STARTED` when started already
 * @throws Error `ERR_MPROF_SAMPLER_IN_USE` when V8's sampler, of which a thread has one, is in use by somebody else
 * @throws Error `ERR_MPROF_UNSUPPORTED` for `callbacks: true` before Node.js 24
 */
export function start(options: StartOptions = {}): void {
  checkObject('options', options);
  const { memProfileRate: newRate = rate, stackDepth = 128, allocsBudget } = options;
  const { maxCapturesPerSecond = DEFAULT_CAPTURES, callbacks = false, cpuProfile = false } = options;
  const { fullGoroutineLimit: newLimit = DEFAULT_FULL_GOROUTINE_LIMIT } = options;
  checkRate('memProfileRate', newRate);
  checkInteger('stackDepth', stackDepth, 1, MAX_STACK_DEPTH);
  if (allocsBudget !== undefined) {
    checkNumber('allocsBudget', allocsBudget, (value) => value > 0 && value <= 1, 'a number above 0 and at most 1');
  }
  checkNumber('maxCapturesPerSecond', maxCapturesPerSecond, (value) => value >= 0 && value <= 1e6, 'a number from 0 to 1000000');
  checkBoolean('callbacks', callbacks);
  checkInteger('fullGoroutineLimit', newLimit, 0, Number.MAX_SAFE_INTEGER);
  checkBoolean('cpuProfile', cpuProfile);
  if (started !== undefined) throw codedError('ERR_MPROF_ALREADY_STARTED', 'mprof is started already; call stop() first');
  if (callbacks) checkCallbacksSupported();
  const heap = { stackDepth, allocsBudget };
  startSampler(newRate, heap);
  rate = newRate;
  started = heap;
  fullGoroutineLimit = newLimit;
  keepReady(cpuProfile);
  setWaitOptions({ maxCapturesPerSecond, callbacks });
}

/**
 * Stops profiling the heap; does nothing when not started. The block and mutex profiles go by their rates alone. Profiles stay readable: they show the heap as of the last garbage
 * collection before the stop. A later start() goes on counting allocations, and what was in use before counts as freed,
 * since V8 no longer tells its fate.
 */
export function stop(): void {
  native.stopHeapSampler();
  started = undefined;
  keepReady(false);
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
  checkRate('memProfileRate', bytes);
  if (started !== undefined && bytes !== rate) {
    if (native.getStats().lost) throw samplerInUse();
    startSampler(bytes, started);
  }
  rate = bytes;
}

/** The sampling rate in bytes, in force or to start with. */
export function memProfileRate(): number {
  return rate;
}

/**
 * @throws Error `ERR_MPROF_HEAP_TOO_LARGE` when more of this thread's heap is used than listing every promise in it is
 * allowed for
 */
export function checkFullGoroutines(): void {
  const { used_heap_size: used } = getHeapStatistics();
  if (used <= fullGoroutineLimit) return;
  throw codedError(
    'ERR_MPROF_HEAP_TOO_LARGE',
    `full must be left out while more than ${fullGoroutineLimit} bytes of heap are used, which are ${used}: listing every promise ` +
      'stops the thread for about a second per 100 MB; start({ fullGoroutineLimit }) allows more',
  );
}

/** Whether start() has been called, and stop() has not. */
export function isStarted(): boolean {
  return started !== undefined;
}

/** Starts V8's sampler, anew if it is running, or stops it for a rate of 0. */
function startSampler(bytes: number, { stackDepth, allocsBudget = bytes === 1 ? 1 : DEFAULT_BUDGET }: HeapOptions): void {
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

function checkRate(name: string, value: number): void {
  checkInteger(name, value, 0, MAX_RATE);
}
