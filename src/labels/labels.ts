import { AsyncLocalStorage } from 'node:async_hooks';
import { native } from '../binding';
import { checkFunction, checkObject, checkString } from '../checks';
import { threadState } from '../threads/thread-state';

/*
 * Labels say what a piece of work is done for, such as a route or a tenant. They follow it through whatever it awaits.
 */

/** Keys and their values, in an object that inherits nothing. */
export type Labels = Readonly<Record<string, string>>;

/** Told of the labels that are in force from now on; undefined for none. */
export type LabelObserver = (labels: Labels | undefined) => void;

/** Longest key and value kept: what a profile is labelled with are names, not texts. */
const MAX_LENGTH = 1024;
/** The set without labels. */
export const NO_LABELS: Labels = Object.freeze(Object.create(null) as Labels);

interface LabelState {
  /**
   * Made when it is first needed, and for nothing else: where AsyncLocalStorage works with promise hooks, as on Node.js 20
   * and 22, every await is slower from then on.
   */
  storage: AsyncLocalStorage<Labels> | undefined;
  observer: LabelObserver | undefined;
}

const state = threadState('labels', (): LabelState => ({ storage: undefined, observer: undefined }));

/**
 * Calls `fn` with these labels, which everything it does and starts has in the CPU and the goroutine profile, and in the
 * block and the mutex profile if start({ labels: true }) asks for it, also after an await. They are added to those in force
 * around the call; of two with one key, the inner one counts. An empty value removes a label. Keys and values are cut at
 * 1024 characters.
 *
 * @returns what `fn` returns
 * @throws TypeError unless `labels` is an object of strings and `fn` a function; `fn` has not been called then
 */
export function doWithLabels<Result>(labels: Readonly<Record<string, string>>, fn: () => Result): Result {
  checkFunction('fn', fn);
  const outer = state.storage?.getStore();
  const inner = merge(outer, labels);
  if (state.storage === undefined) {
    state.storage = new AsyncLocalStorage();
    native.noteLabels();
  }
  try {
    return state.storage.run(inner, () => {
      state.observer?.(inner);
      return fn();
    });
  } finally {
    state.observer?.(outer);
  }
}

/** The labels in force: a frozen object, empty where there are none. */
export function labels(): Labels {
  return state.storage?.getStore() ?? NO_LABELS;
}

/** The same, and undefined where there are none. */
export function currentLabels(): Labels | undefined {
  return state.storage?.getStore();
}

/** Whether any work has had labels so far. */
export function labelsAreUsed(): boolean {
  return state.storage !== undefined;
}

/** Has one observer told of labels that change by a call of doWithLabels() or its return; undefined for none. */
export function observeLabels(next: LabelObserver | undefined): void {
  state.observer = next;
}

function merge(outer: Labels | undefined, added: Readonly<Record<string, string>>): Labels {
  checkObject('labels', added);
  const merged = Object.assign(Object.create(null) as Record<string, string>, outer);
  for (const [key, value] of Object.entries(added)) {
    checkString(`labels[${JSON.stringify(key.slice(0, 40))}]`, value);
    const name = key.slice(0, MAX_LENGTH);
    if (value === '' || name === '') delete merged[name];
    else merged[name] = value.slice(0, MAX_LENGTH);
  }
  return Object.freeze(merged);
}
