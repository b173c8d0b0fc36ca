import { clearInterval, setInterval } from 'node:timers';
import { threadId } from 'node:worker_threads';
import { native } from '../binding';
import type { ThreadSamples } from '../native-results';
import { currentLabels, type Labels } from '../labels/labels';
import { answerQuestions, ask, tellAll } from '../threads/questions';
import { threadState } from '../threads/thread-state';
import { LabelLog, LOST } from './label-log';

/*
 * Each thread records its own labels in the windows in which it takes part: its own ones, and those of others, who tell it
 * when they open one and ask for the labels of its samples at the end.
 */

const OPENED = 'cpu window opened';
const CLOSED = 'cpu window closed';
const LABELS = 'cpu labels';
/** How often a thread looks whether windows of others are still there: their threads may have ended. */
const LOOK_AFTER_MS = 10_000;

/** A window in which this thread takes part. */
interface Window {
  /** Since when samples may be asked for, by native.monotonicNanos(). */
  since: number;
  /** Of this thread's own window: what was in force when it was opened, and so at the samples before that time. */
  own?: { labels: Labels | undefined };
  /** Of another thread's: whether it was there when this thread last looked. */
  wasThere: boolean;
}

interface State {
  readonly open: Map<number, Window>;
  /** Of the windows that are open. */
  log: LabelLog;
  timer: NodeJS.Timeout | undefined;
}

const state = threadState('cpu labels', (): State => ({ open: new Map(), log: new LabelLog(), timer: undefined }));

/** Labels of samples. */
export interface FoundLabels {
  /** Of each sample; undefined for one without, or whose labels are not known. */
  labels: readonly (Labels | undefined)[];
  /** Of how many samples they are not known. */
  lost: number;
}

/** Records the labels of this thread from now on, for a window that it has opened just now. */
export function openLabels(window: number): void {
  open(window, { since: native.monotonicNanos(), own: { labels: currentLabels() }, wasThere: true });
}

/** Has the other threads record theirs, for a window in which they take part. */
export function openLabelsOfOthers(): void {
  tellAll(OPENED);
}

/** Ends that, and forgets labels that no other window asks for. */
export function closeLabels(window: number): void {
  if (!state.open.delete(window)) return;
  const left = [...state.open.values()];
  if (left.every(({ own }) => own !== undefined)) {
    clearInterval(state.timer);
    state.timer = undefined;
  }
  if (left.length === 0) state.log.close();
  else state.log.trim(Math.min(...left.map(({ since }) => since)));
}

/** The same in the other threads. */
export function closeLabelsOfOthers(window: number): void {
  tellAll(CLOSED, window);
}

/** Labels at the samples of each thread. Others have a second to answer. */
export function findLabels(window: number, threads: readonly ThreadSamples[], options: { ref: boolean; signal: AbortSignal | undefined }): Promise<FoundLabels[]> {
  const alive = new Set(native.listMailboxes());
  return Promise.all(
    threads.map(async ({ thread, time, hasLabels }) => {
      if (thread === threadId) return labelsAt(window, time);
      if (!hasLabels) return { labels: [], lost: 0 };
      const unknown = { labels: [], lost: time.length };
      if (!alive.has(thread)) return unknown;
      // One that has not answered in time, or is not profiled together with this one.
      return (await ask(thread, LABELS, { window, time }, options).catch(() => unknown)) as FoundLabels;
    }),
  );
}

/** Takes part in the windows of others from now on, also in those that are open already. */
export function answerAboutLabels(): void {
  answerQuestions(OPENED, follow);
  answerQuestions(CLOSED, (window) => closeLabels(window as number));
  answerQuestions(LABELS, (argument) => {
    const { window, time } = argument as { window: number; time: Float64Array };
    return labelsAt(window, time);
  });
  follow();
}

function labelsAt(window: number, times: Float64Array): FoundLabels {
  const known = state.open.get(window);
  // A thread is asked where it has used labels, and has not learned of this window while it was open.
  if (known === undefined) return { labels: [], lost: times.length };
  const { since, own } = known;
  const found = Array.from(times, (time) => (own !== undefined && time < since ? own.labels : state.log.find(time)));
  return {
    labels: found.map((labels) => (labels === LOST ? undefined : labels)),
    lost: found.filter((labels) => labels === LOST).length,
  };
}

function follow(): void {
  const windows = native.listCpuWindows();
  for (let i = 0; i < windows.length; i += 2) {
    const [window, since] = [windows[i]!, windows[i + 1]!];
    if (state.open.has(window)) continue;
    open(window, { since, wasThere: true });
    state.timer ??= setInterval(lookAfter, LOOK_AFTER_MS).unref();
  }
}

function open(window: number, opened: Window): void {
  state.open.set(window, opened);
  if (state.open.size > 1) return;
  // Code of the copy of this package that is in use now.
  state.log = new LabelLog();
  state.log.open();
}

/** Forgets windows of others that have been gone for some time, and nobody has said so. */
function lookAfter(): void {
  const there = new Set(native.listCpuWindows().filter((_, i) => i % 2 === 0));
  for (const [window, known] of state.open) {
    if (known.own !== undefined || there.has(window)) continue;
    if (known.wasThere) known.wasThere = false;
    else closeLabels(window);
  }
}
