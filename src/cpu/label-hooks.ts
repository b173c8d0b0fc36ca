import { createHook } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import { currentLabels, type Labels } from '../labels/labels';
import { hooksLeaveOutPromises } from '../waits/callbacks';

/** Something that has labels in force, and has to learn of others. */
export interface LabelRecorder {
  readonly current: Labels | undefined;
  change(labels: Labels | undefined): void;
}

/** Calls inside each other that are remembered: what ends V8's execution may leave calls without an end. */
const MAX_DEPTH = 1000;

/**
 * Has labels recorded as they change because another callback or promise job begins or ends.
 *
 * @returns how to end that
 */
export function hookLabels(recorder: LabelRecorder): () => void {
  const outer: (Labels | undefined)[] = [];
  const before = (): void => {
    if (outer.length === MAX_DEPTH) outer.length = 0;
    outer.push(recorder.current);
    recorder.change(currentLabels());
  };
  const after = (): void => recorder.change(outer.pop());
  // Where AsyncLocalStorage needs no hooks, those of async_hooks for promises would cost more than V8's.
  if (!hooksLeaveOutPromises()) return disabler(createHook({ before, after }).enable());
  const stopPromises = promiseHooks.createHook({ before, after }) as () => void;
  const stopCallbacks = disabler(createHook({ before, after, trackPromises: false } as object).enable());
  return () => {
    stopPromises();
    stopCallbacks();
  };
}

function disabler(hook: { disable(): unknown }): () => void {
  return () => void hook.disable();
}
