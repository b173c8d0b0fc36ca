import { clearInterval, setInterval } from 'node:timers';
import { threadId } from 'node:worker_threads';
import { native } from '../binding';
import type { Labels } from '../labels/labels';
import { answerQuestions, ask, tellAll } from '../threads/questions';
import { threadState } from '../threads/thread-state';
import { LabelLog } from './label-log';

/*
 * Each thread records its own labels in the windows in which it takes part: its own ones, and those of others, who tell it
 * when they open one and ask for the labels of its samples at the end.
 */

const OPENED = 'cpu window opened';
const LABELS = 'cpu labels';
/** How often a thread looks whether windows of others are still there: their threads may have ended. */
const LOOK_AFTER_MS = 10_000;

interface State {
  /** Windows in which this thread takes part, by their numbers, and since when, by native.monotonicNanos(). */
  readonly open: Map<number, number>;
  /** Those of other threads, and whether they were there when this thread last looked. */
  readonly others: Map<number, boolean>;
  /** Of the windows that are open. */
  log: LabelLog;
  timer: NodeJS.Timeout | undefined;
}

const state = threadState('cpu labels', (): State => ({ open: new Map(), others: new Map(), log: new LabelLog(), timer: undefined }));

/** The samples of one thread in a window. */
interface Samples {
  thread: number;
  /** By native.monotonicNanos(). */
  time: Float64Array;
}

/** Labels of samples. */
export interface FoundLabels {
  /** Of each sample; undefined for one without, or whose labels are not known. */
  labels: readonly (Labels | undefined)[];
  /** Of how many samples they are not known. */
  lost: number;
}

/** Records the labels of this thread from now on, for a window that it has opened just now. */
export function openLabels(window: number): void {
  openAs(window, 'own');
}

/** Ends that, and forgets labels that no other window asks for. */
export function closeLabels(window: number): void {
  state.others.delete(window);
  if (state.others.size === 0) {
    clearInterval(state.timer);
    state.timer = undefined;
  }
  if (!state.open.delete(window)) return;
  const [oldest] = state.open.values();
  if (oldest === undefined) state.log.close();
  else state.log.trim(oldest);
}

/** Has the other threads that take part in a window record theirs. */
export function tellOfWindow(): void {
  if (native.listAnswering().some((thread) => thread !== threadId)) tellAll(OPENED);
}

/** Labels at the samples of threads. Others have a second to answer. */
export function findLabels(window: number, threads: readonly Samples[]): Promise<FoundLabels[]> {
  const labelled = native.listLabelled();
  const answering = native.listAnswering();
  const alive = native.listThreads();
  return Promise.all(
    threads.map(async ({ thread, time }) => {
      if (thread === threadId) return state.log.at(time);
      const hasNone = alive.includes(thread) ? !labelled.includes(thread) : !native.areLabelsUsed();
      if (hasNone) return { labels: [], lost: 0 };
      const unknown = { labels: [], lost: time.length };
      return answering.includes(thread) ? ask(thread, LABELS, { window, time }).then((found) => found as FoundLabels, () => unknown) : unknown;
    }),
  );
}

/** Takes part in the windows of others from now on, also in those that are open already. */
export function answerAboutLabels(): void {
  answerQuestions(OPENED, follow);
  answerQuestions(LABELS, (argument) => {
    const { window, time } = argument as { window: number; time: Float64Array };
    const found = state.log.at(time);
    closeLabels(window);
    return found;
  });
  follow();
}

function follow(): void {
  for (const window of native.listCpuWindows()) {
    if (state.open.has(window)) continue;
    openAs(window, 'of another thread');
    state.others.set(window, true);
    state.timer ??= setInterval(lookAfter, LOOK_AFTER_MS).unref();
  }
}

function openAs(window: number, whose: 'own' | 'of another thread'): void {
  state.open.set(window, native.monotonicNanos());
  if (state.open.size > 1) return;
  // Code of the copy of this package that is in use now.
  state.log = new LabelLog();
  state.log.open({ wasOpenBefore: whose !== 'own' });
}

/** Forgets windows that are gone, and nobody has asked about for some time. */
function lookAfter(): void {
  const there = new Set(native.listCpuWindows());
  for (const [window, wasThere] of state.others) {
    if (there.has(window)) continue;
    if (wasThere) state.others.set(window, false);
    else closeLabels(window);
  }
}
