import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { native, type CpuSamples } from '../binding';
import { codedError } from '../errors';
import { threadState } from '../threads/thread-state';
import { clock } from '../waits/chance';
import { LabelLog, type FoundLabels } from './label-log';

/*
 * Windows in which this thread's CPU time is sampled. Any number may be open at a time, up to a bound: all share what V8
 * samples.
 */

/** Each takes two of the hundred profiles that V8 collects at a time, and one is for the labels. */
const MAX_WINDOWS = 32;
/** V8's interval is that of Go; a few more samples for those it takes out of turn. */
const SAMPLES_PER_SECOND = 100;
const MORE_SAMPLES = 1000;
/** How long V8 is kept ready after the last window: longer than the intervals at which collectors come back. */
const KEEP_READY_MS = 120_000;

/** What has been sampled in a window, and with which labels. */
export interface LabelledSamples extends CpuSamples, FoundLabels {
  /** Wall clock at the beginning, in nanoseconds since the epoch. */
  timeNanos: bigint;
}

export interface WindowOptions {
  seconds: number;
  signal: AbortSignal | undefined;
  /** Whether the window keeps the process alive. */
  ref: boolean;
}

interface WindowState {
  /** Windows that are open, by their numbers, and when they were opened, by native.monotonicNanos(). */
  readonly open: Map<number, number>;
  /** Of the windows that are open. */
  labels: LabelLog;
  keptReady: boolean;
  release: NodeJS.Timeout | undefined;
}

const state = threadState('cpu windows', (): WindowState => ({ open: new Map(), labels: new LabelLog(), keptReady: false, release: undefined }));

/**
 * Samples for so many seconds.
 *
 * @throws Error `ERR_MPROF_CPU_PROFILER` when too many windows are open; AbortError when the signal ends it
 */
export async function sampleCpu({ seconds, signal, ref }: WindowOptions): Promise<LabelledSamples> {
  signal?.throwIfAborted();
  const window = openWindow(seconds);
  try {
    const timeNanos = BigInt(Date.now()) * 1_000_000n;
    // Timers go by when the event loop's turn has begun, and V8 may have taken its time to open the window since.
    for (let left = seconds * 1000, end = clock() + left; left > 0; left = end - clock()) {
      await sleep(Math.ceil(left), undefined, { ref, ...(signal && { signal }) });
    }
    const samples = native.closeCpuWindow(window);
    return { ...samples, ...state.labels.at(samples.time), timeNanos };
  } finally {
    closeWindow(window);
  }
}

/** Whether a window is open in this thread. */
export function isSampling(): boolean {
  return state.open.size > 0;
}

/** Makes V8 ready for windows from now on, so that the first one does not have to; or no longer. */
export function keepReady(ready: boolean): void {
  state.keptReady = ready;
  clearTimeout(state.release);
  if (ready) native.prepareCpuProfiler();
  else if (state.open.size === 0) native.releaseCpuProfiler();
}

function openWindow(seconds: number): number {
  const { open } = state;
  if (open.size >= MAX_WINDOWS) throw tooMany();
  clearTimeout(state.release);
  const window = native.openCpuWindow(Math.ceil(seconds) * SAMPLES_PER_SECOND + MORE_SAMPLES);
  if (window === 0) throw tooMany();
  open.set(window, native.monotonicNanos());
  if (open.size === 1) {
    // Code of the copy of this package that is in use now.
    state.labels = new LabelLog();
    state.labels.open();
  }
  return window;
}

function closeWindow(window: number): void {
  // Nothing is left of it if it has been closed.
  native.discardCpuWindow(window);
  const { open, labels, keptReady } = state;
  open.delete(window);
  const [oldest] = open.values();
  if (oldest !== undefined) return labels.trim(oldest);
  labels.close();
  if (!keptReady) state.release = setTimeout(() => native.releaseCpuProfiler(), KEEP_READY_MS).unref();
}

function tooMany(): Error {
  return codedError('ERR_MPROF_CPU_PROFILER', `V8 cannot take another CPU profile of this thread now: ${state.open.size} are under way`);
}
