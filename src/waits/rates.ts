import { checkInteger } from '../checks';
import { EffectiveRate } from './effective-rate';
import { PromiseWaits } from './promise-waits';

/** Captures per second to aim at; see setMaxCapturesPerSecond. */
const DEFAULT_CAPTURES = 20;
/** Where the block rate starts while captures are bounded: long waits are recorded from the start, short ones later. */
const FIRST_BLOCK_RATE_MS = 1000;

let blockRateNanos = 0;
let mutexFraction = 0;
let maxCaptures = DEFAULT_CAPTURES;
/** Made at the first use: off means that nothing is set up. */
let waits: PromiseWaits | undefined;

/**
 * Go's runtime.SetBlockProfileRate: on average one wait is recorded per so many nanoseconds waited. A wait of at least
 * that length is always recorded; a shorter one of d ns with probability d / ns, and then counts for ns / d. 1 records
 * everything, 0 and less switch recording off; what has been recorded stays.
 *
 * @throws TypeError or RangeError for anything but a safe integer; nothing has changed then
 */
export function setBlockProfileRate(ns: number): void {
  checkInteger('block profile rate', ns, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  blockRateNanos = Math.max(0, ns);
  apply();
}

/**
 * Go's runtime.SetMutexProfileFraction: on average one of so many hand-offs is recorded, and then counts for that many. 0
 * switches recording off; a negative number changes nothing.
 *
 * @returns the fraction before the call
 * @throws TypeError or RangeError for anything but a safe integer; nothing has changed then
 */
export function setMutexProfileFraction(n: number): number {
  checkInteger('mutex profile fraction', n, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const before = mutexFraction;
  if (n >= 0) {
    mutexFraction = n;
    apply();
  }
  return before;
}

/** Bounds stack captures; 0 for no bound. Called by start() with a checked value. */
export function setMaxCapturesPerSecond(perSecond: number): void {
  maxCaptures = perSecond;
  apply();
}

function apply(): void {
  if (waits === undefined && blockRateNanos === 0 && mutexFraction === 0) return;
  waits ??= new PromiseWaits();
  const now = performance.now();
  const { rates } = waits;
  rates.block = blockRateNanos === 0 ? undefined : new EffectiveRate(blockRateNanos / 1e6, FIRST_BLOCK_RATE_MS, maxCaptures, now);
  rates.mutex = mutexFraction === 0 ? undefined : new EffectiveRate(mutexFraction, mutexFraction, maxCaptures, now);
  if (rates.block === undefined && rates.mutex === undefined) waits.remove();
  else waits.install();
}
