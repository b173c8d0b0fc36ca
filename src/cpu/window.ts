import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { native } from '../binding';
import type { CpuSamples } from '../native-results';
import { codedError } from '../errors';
import { threadState } from '../threads/thread-state';
import { clock } from '../waits/chance';
import { closeLabels, closeLabelsOfOthers, findLabels, openLabels, openLabelsOfOthers, type FoundLabels } from './label-windows';

/*
 * Windows in which the CPU time of threads is sampled. Any number may be open at a time, up to a bound: all share what V8
 * samples.
 */

/** Each takes two of the hundred profiles that V8 collects at a time, and one is for the labels. */
const MAX_WINDOWS = 32;
/** V8's interval is that of Go; a few more samples for those it takes out of turn. */
const SAMPLES_PER_SECOND = 100;
const MORE_SAMPLES = 1000;
/** How long V8 is kept ready after the last window: longer than the intervals at which collectors come back. */
const KEEP_READY_MS = 120_000;
/** How long to wait for other threads when a window ends: one that is in a system call or an addon does not answer. */
const PATIENCE_MS = 1000;
const POLL_MS = 2;

/** What has been sampled in a window, and with which labels. */
export interface LabelledSamples extends CpuSamples {
  /** For each of `threads`. */
  labels: FoundLabels[];
  /** Length of the window, in nanoseconds. */
  duration: number;
  /** Wall clock at the beginning, in nanoseconds since the epoch. */
  timeNanos: bigint;
}

export interface WindowOptions {
  seconds: number;
  signal: AbortSignal | undefined;
  /** Whether the window keeps the process alive. */
  ref: boolean;
  /** The number of one thread; undefined for all there are, and those that begin within the window. */
  thread: number | undefined;
}

interface WindowState {
  /** All windows that are open. */
  readonly all: Set<number>;
  keptReady: boolean;
  /** Whether windows have had V8 make ready what has not been released since. */
  isReady: boolean;
  release: NodeJS.Timeout | undefined;
}

const state = threadState(
  'cpu windows',
  (): WindowState => ({ all: new Set(), keptReady: false, isReady: false, release: undefined }),
);

/**
 * Samples for so many seconds.
 *
 * @throws Error `ERR_MPROF_CPU_PROFILER` when too many windows are open; AbortError when the signal ends it
 */
export async function sampleCpu({ seconds, signal, ref, thread }: WindowOptions): Promise<LabelledSamples> {
  signal?.throwIfAborted();
  const window = openWindow(seconds, thread);
  const wait = (ms: number): Promise<void> => sleep(Math.ceil(ms), undefined, { ref, ...(signal && { signal }) });
  try {
    const timeNanos = BigInt(Date.now()) * 1_000_000n;
    const began = native.monotonicNanos();
    // Timers go by when the event loop's turn has begun, and V8 may have taken its time to open the window since.
    for (let left = seconds * 1000, end = clock() + left; left > 0; left = end - clock()) await wait(left);
    const duration = native.monotonicNanos() - began;
    native.closeCpuWindow(window);
    for (const end = clock() + PATIENCE_MS; !native.isCpuWindowClosed(window) && clock() < end; ) await wait(POLL_MS);
    const samples = native.takeCpuWindow(window);
    const own = samples.threads.find((samples) => samples.thread === threadId);
    const labels = await findLabels(window, samples.threads, { ref, signal });
    signal?.throwIfAborted();
    return { ...samples, labels, duration: own?.duration ?? duration, timeNanos };
  } finally {
    closeWindow(window);
    if (thread !== threadId) closeLabelsOfOthers(window);
  }
}

/** Whether this thread has asked for a window that is open. */
export function isSampling(): boolean {
  return state.all.size > 0;
}

/** Makes V8 ready for windows from now on, so that the first one does not have to; or no longer. */
export function keepReady(ready: boolean): void {
  state.keptReady = ready;
  clearTimeout(state.release);
  if (ready) native.keepCpuProfiler();
  else if (state.all.size === 0) release();
}

/**
 * Opens a window of one thread, or of all there are and those that begin while it is open.
 *
 * @throws Error `ERR_MPROF_CPU_PROFILER` when too many are open, or V8 or the system refuses one more
 */
function openWindow(seconds: number, thread: number | undefined): number {
  const { all } = state;
  if (all.size >= MAX_WINDOWS) throw tooMany();
  clearTimeout(state.release);
  state.isReady = true;
  const window = native.openCpuWindow(Math.ceil(seconds) * SAMPLES_PER_SECOND + MORE_SAMPLES, thread ?? -1);
  if (window === 0) {
    releaseLater();
    throw tooMany();
  }
  all.add(window);
  if (thread === undefined || thread === threadId) openLabels(window);
  if (thread !== threadId) openLabelsOfOthers();
  return window;
}

/** Ends it for all threads, whatever has become of it. */
function closeWindow(window: number): void {
  // Nothing is left of it if it has been closed.
  native.discardCpuWindow(window);
  state.all.delete(window);
  closeLabels(window);
  releaseLater();
}

/** Unless a window is open. */
function releaseLater(): void {
  if (state.all.size === 0) state.release = setTimeout(release, KEEP_READY_MS).unref();
}

/** What windows have had V8 make ready, here and in other threads. */
function release(): void {
  if (!state.keptReady) native.releaseCpuProfiler();
  // Other threads are disturbed only where there is something to release.
  if (state.isReady) native.releaseOtherCpuProfilers();
  state.isReady = false;
}

function tooMany(): Error {
  return codedError('ERR_MPROF_CPU_PROFILER', `V8 cannot take another CPU profile of this thread now: ${state.all.size} are under way`);
}
