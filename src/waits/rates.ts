import { checkInteger } from '../checks';
import { refusedLabels } from '../labels/label-sets';
import { listAwaits, longestListing, type AwaitListing } from './await-listing';
import { changed } from '../threads/changes';
import { claimThread, threadState } from '../threads/thread-state';
import { observeCallbacks } from './callbacks';
import { clock } from './chance';
import { EffectiveRate, type RateRange } from './effective-rate';
import { tellsTasksApart } from './tasks';
import { WaitRecorder, type PendingAwait, type WaitCounters } from './wait-recorder';

/** Captures per second to aim at. */
export const DEFAULT_CAPTURES = 20;
/** Where the block rate starts while captures are bounded: long waits are recorded from the start, short ones later. */
const FIRST_BLOCK_RATE_MS = 1000;
/** How many starts of callback operations one stands for at first, while captures are bounded. */
const FIRST_FRACTION = 1000;

interface WaitState {
  blockRateNanos: number;
  mutexFraction: number;
  maxCaptures: number;
  callbacks: boolean;
  labels: boolean;
  counters: WaitCounters;
  /** Of the copy of this package that has been told last to record, as each wait must be recorded once. */
  recorder: WaitRecorder | undefined;
  /** Has that copy stop recording. */
  release: () => void;
}

const state = threadState(
  'waits',
  (): WaitState => ({
    blockRateNanos: 0,
    mutexFraction: 0,
    maxCaptures: DEFAULT_CAPTURES,
    callbacks: false,
    labels: false,
    counters: { lost: 0, failures: 0 },
    recorder: undefined,
    release() {},
  }),
);
/** Made at the first use: off means that nothing is set up. */
let waits: WaitRecorder | undefined;
let stopCallbacks: (() => void) | undefined;
/** Kept while off: a new object would make V8 give up the code it has optimised for the old one. */
const blockRate = new EffectiveRate();
const mutexRate = new EffectiveRate();

/**
 * Go's runtime.SetBlockProfileRate: on average one wait is recorded per so many nanoseconds waited. A wait of at least
 * that length is always recorded; a shorter one of d ns with probability d / ns, and then counts for ns / d. 1 records
 * everything, 0 and less switch recording off; what has been recorded stays.
 *
 * @throws TypeError or RangeError for anything but a safe integer; nothing has changed then
 */
export function setBlockProfileRate(ns: number): void {
  checkInteger('blockProfileRate', ns, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (ns > 0) claimThread();
  state.blockRateNanos = Math.max(0, ns);
  resetBlockRate();
  apply();
  changed('blockProfileRate');
}

/** What was set last, in nanoseconds; 0 while off. */
export function blockProfileRate(): number {
  return state.blockRateNanos;
}

/**
 * Go's runtime.SetMutexProfileFraction: on average one of so many hand-offs is recorded, and then counts for that many. 0
 * switches recording off; a negative number changes nothing.
 *
 * @returns the fraction before the call
 * @throws TypeError or RangeError for anything but a safe integer; nothing has changed then
 */
export function setMutexProfileFraction(n: number): number {
  checkInteger('mutexProfileFraction', n, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const before = state.mutexFraction;
  if (n > 0) claimThread();
  if (n >= 0) {
    state.mutexFraction = n;
    resetMutexRate();
    apply();
    changed('mutexProfileFraction');
  }
  return before;
}

/** How waits are recorded, as start() takes it. */
export interface WaitOptions {
  /** Bound on stack captures per second; 0 for none. */
  maxCapturesPerSecond: number;
  /** Whether waits for callbacks are recorded, too. */
  callbacks: boolean;
  /** Whether waits are recorded with labels. */
  labels: boolean;
}

/** The awaits that are under way, of those that have begun while waits are profiled; undefined while they are not. */
export function pendingAwaits(): PendingAwait[] | undefined {
  return state.recorder?.takePending();
}

/** Whether awaits that begin now are followed. */
export function followsAwaits(): boolean {
  return state.recorder?.isFollowing ?? false;
}

/** Every await that is under way, likewise, whether waits are profiled or not. Stops the thread; see native.listWaitedForPromises(). */
export function allAwaits(): AwaitListing {
  const { recorder } = state;
  return recorder === undefined ? listAwaits(() => []) : recorder.apart(listAwaits);
}

/** Called by start() with checked values. */
export function setWaitOptions(options: WaitOptions): void {
  state.maxCaptures = options.maxCapturesPerSecond;
  state.callbacks = options.callbacks;
  state.labels = options.labels;
  resetBlockRate();
  resetMutexRate();
  apply();
}

/** What a reader of a block or mutex profile has to know about how it was taken. */
export function waitComments(): string[] {
  const { blockRate, mutexFraction: fraction } = waitStats();
  const comments = [];
  if (blockRate !== undefined) comments.push(`block rate ${range(blockRate)} ns`);
  if (fraction !== undefined) {
    const rule = tellsTasksApart() ? 'from another task where tasks are known' : 'tasks are not told apart';
    comments.push(`mutex fraction ${range(fraction)}; hand-offs by an explicit resolve in a promise job, ${rule}`);
  }
  const unlabelled = refusedLabels();
  // Collectors show two.
  if (unlabelled > 0) comments.push([...comments.splice(1), `${unlabelled} waits are without their labels: there are too many sets of them`].join('; '));
  return comments;
}

/** Whether waits are recorded, and which. */
export function blockState(): string {
  const { blockRateNanos } = state;
  if (blockRateNanos === 0) return 'off';
  return blockRateNanos === 1 ? 'on, every wait' : `on, one per ${blockRateNanos} ns waited`;
}

/** Whether hand-offs are recorded, and which. */
export function mutexState(): string {
  const { mutexFraction } = state;
  if (mutexFraction === 0) return 'off';
  return mutexFraction === 1 ? 'on, every hand-off' : `on, one hand-off in ${mutexFraction}`;
}

function range({ lowest, highest }: RateRange): string {
  return lowest === highest ? String(Math.round(lowest)) : `${Math.round(lowest)} to ${Math.round(highest)}`;
}

/** The waits' part of stats(). */
export interface WaitStats {
  /** Effective block rate since it was set, in nanoseconds; undefined while off. */
  blockRate: RateRange | undefined;
  /** Effective mutex fraction since it was set; undefined while off. */
  mutexFraction: RateRange | undefined;
  /** Waits that were to be recorded and whose waiter could not be found. */
  lostWaits: number;
  /** How long a goroutine profile with `full` has stopped the thread at most, in nanoseconds; 0 before the first one. */
  longestListingNanos: number;
  /** Failures of the wait profiler itself. The first one switches it off. */
  waitFailures: number;
  /** Waits and hand-offs recorded without their labels, as there were too many sets of labels, or too long ones. */
  unlabelledWaits: number;
}

export function waitStats(): WaitStats {
  const { recorder, counters } = state;
  const { block, mutex } = recorder?.rates ?? {};
  return {
    blockRate: block && { lowest: block.range.lowest * 1e6, highest: block.range.highest * 1e6 },
    mutexFraction: mutex?.range,
    lostWaits: counters.lost,
    longestListingNanos: longestListing(),
    waitFailures: counters.failures,
    unlabelledWaits: refusedLabels(),
  };
}

function resetBlockRate(): void {
  blockRate.set(state.blockRateNanos / 1e6, FIRST_BLOCK_RATE_MS, state.maxCaptures, clock());
}

function resetMutexRate(): void {
  mutexRate.set(state.mutexFraction, state.mutexFraction, state.maxCaptures, clock());
}

/** Installs what the rates need, and removes what they do not. */
function apply(): void {
  const { blockRateNanos, mutexFraction, callbacks, labels } = state;
  const isOff = blockRateNanos === 0 && mutexFraction === 0;
  if (isOff || state.recorder !== waits) state.release();
  if (isOff) return;
  waits ??= new WaitRecorder(state.counters);
  state.recorder = waits;
  state.release = release;
  const { rates } = waits;
  rates.block = blockRateNanos === 0 ? undefined : blockRate;
  rates.mutex = mutexFraction === 0 ? undefined : mutexRate;
  rates.labels = labels;
  waits.install();
  stopCallbacks?.();
  stopCallbacks = undefined;
  if (callbacks && rates.block !== undefined) {
    const { counters } = state;
    const starts = new EffectiveRate();
    starts.set(1, FIRST_FRACTION, state.maxCaptures, clock());
    stopCallbacks = observeCallbacks(rates, starts, () => {
      counters.failures++;
      stopCallbacks?.();
    });
  }
}

/** Records no more: everything is off, or another copy of this package does it from now on. */
function release(): void {
  const { rates } = waits!;
  rates.block = undefined;
  rates.mutex = undefined;
  waits!.remove();
  stopCallbacks?.();
  stopCallbacks = undefined;
}
