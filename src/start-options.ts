import { isAbsolute } from 'node:path';
import { checkBoolean, checkInteger, checkNumber, checkObject, checkText } from './checks';
import { checkCallbacksSupported } from './waits/callbacks';
import { DEFAULT_CAPTURES } from './waits/rates';

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
   * Whether the block profile has the labels of who waits, and the mutex profile those of who ends waits; see
   * doWithLabels(). Each set of labels is a sample of its own. Default false.
   */
  labels?: boolean;
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
  /**
   * Whether worker threads that are created from now on are profiled, too: with the same options, rates that follow those
   * of this thread, and one profile for all. Replaces the constructor `Worker` of node:worker_threads by a proxy of it, so
   * it has to be called before others keep a reference to that. `mprof/register` needs no proxy. Default false.
   */
  workers?: boolean;
  /**
   * Whether profiles show functions in their sources, by the source maps of the scripts they are in. Default false. A thread of
   * its own reads the maps when a profile has functions of a script for the first time; that profile waits for it, for two
   * seconds at most. In minified code functions have their own names where the map has these for the place at which they begin: in
   * heap and CPU profiles.
   */
  sourceMaps?: boolean;
  /**
   * Files in this folder are shown as seen from there: with `/app`, `/app/src/main.ts` is `src/main.ts`. Default: paths are shown
   * in full.
   */
  trimPath?: string;
}

/** Checked, and with what they are by default. */
export type CheckedOptions = Required<Omit<StartOptions, 'allocsBudget' | 'trimPath'>> & {
  trimPath: string | undefined;
  /** Undefined: the default for the rate. */
  allocsBudget: number | undefined;
};

/** V8 cuts the distance between two samples to this, which would bias larger rates. */
const MAX_RATE = 2 ** 31 - 1;
/** V8 copies its tree of calls by recursion, within the little machine stack a deep recursion of the program may leave. */
const MAX_STACK_DEPTH = 256;
const DEFAULT_FULL_GOROUTINE_LIMIT = 256 * 2 ** 20;

/**
 * Checks what start() is called with.
 *
 * @param rate what memProfileRate is by default
 * @throws TypeError or RangeError for bad options, and Error `ERR_MPROF_UNSUPPORTED` for `callbacks: true` before Node.js 24
 */
export function checkStartOptions(options: StartOptions, rate: number): CheckedOptions {
  checkObject('options', options);
  const { memProfileRate = rate, stackDepth = 128, allocsBudget, maxCapturesPerSecond = DEFAULT_CAPTURES, callbacks = false } = options;
  const { fullGoroutineLimit = DEFAULT_FULL_GOROUTINE_LIMIT, labels = false, cpuProfile = false, workers = false } = options;
  const { sourceMaps = false, trimPath } = options;
  checkRate(memProfileRate);
  checkInteger('stackDepth', stackDepth, 1, MAX_STACK_DEPTH);
  if (allocsBudget !== undefined) {
    checkNumber('allocsBudget', allocsBudget, (value) => value > 0 && value <= 1, 'a number above 0 and at most 1');
  }
  checkNumber('maxCapturesPerSecond', maxCapturesPerSecond, (value) => value >= 0 && value <= 1e6, 'a number from 0 to 1000000');
  checkBoolean('callbacks', callbacks);
  checkBoolean('labels', labels);
  checkInteger('fullGoroutineLimit', fullGoroutineLimit, 0, Number.MAX_SAFE_INTEGER);
  checkBoolean('cpuProfile', cpuProfile);
  checkBoolean('workers', workers);
  checkBoolean('sourceMaps', sourceMaps);
  if (trimPath !== undefined) checkText('trimPath', trimPath, isAbsolute, 'an absolute path');
  if (callbacks) checkCallbacksSupported();
  return {
    memProfileRate,
    stackDepth,
    allocsBudget,
    maxCapturesPerSecond,
    callbacks,
    labels,
    fullGoroutineLimit,
    cpuProfile,
    workers,
    sourceMaps,
    trimPath,
  };
}

/** Bytes between samples. */
export function checkRate(rate: unknown): asserts rate is number {
  checkInteger('memProfileRate', rate, 0, MAX_RATE);
}
