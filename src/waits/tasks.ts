import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { checkFunction } from '../checks';
import { threadState } from '../threads/thread-state';

/*
 * Tells apart the tasks a program works on at the same time: each HTTP request that is served, and whatever is run by
 * runTask(). Whoever ends a wait of another task has kept it waiting; within one task it is a signal.
 */

const REQUEST_START = 'http.server.request.start';
/**
 * Whether AsyncLocalStorage needs no promise hooks: by default from Node.js 24 on, and by --[experimental-]async-context-frame.
 * With them, which only that kind has a method to enable, its first use makes every await slower.
 */
const FREE_OF_HOOKS = !('_enable' in AsyncLocalStorage.prototype);

interface TaskState {
  /** Made when it is first needed: with Node.js 24's --no-async-context-frame that alone makes every await slower. */
  storage: AsyncLocalStorage<number> | undefined;
  tasks: number;
}

const state = threadState('tasks', (): TaskState => ({ storage: undefined, tasks: 0 }));
let watching = false;

/** The task that is worked on now; undefined for none. */
export function currentTask(): number | undefined {
  return state.storage?.getStore();
}

/**
 * Runs a job as a task of its own, as each HTTP request is one: what ends waits of other tasks in it, or of it in others,
 * counts in the mutex profile.
 *
 * @returns what `fn` returns
 */
export function runTask<Result>(fn: () => Result): Result {
  checkFunction('fn', fn);
  state.storage ??= new AsyncLocalStorage();
  return state.storage.run(++state.tasks, fn);
}

/** Makes each HTTP request a task, from the next one on. */
export function watchRequests(): void {
  if (watching) return;
  subscribe(REQUEST_START, onRequest);
  watching = true;
}

/** No longer. */
export function ignoreRequests(): void {
  if (!watching) return;
  unsubscribe(REQUEST_START, onRequest);
  watching = false;
}

/** Whether tasks are told apart here and now. */
export function tellsTasksApart(): boolean {
  return FREE_OF_HOOKS || promisesAreTracked();
}

function onRequest(): void {
  if (!tellsTasksApart()) return;
  state.storage ??= new AsyncLocalStorage();
  state.storage.enterWith(++state.tasks);
}

/** Whether something in the program follows promises already, as AsyncLocalStorage does: they carry numbers then. */
function promisesAreTracked(): boolean {
  return Object.getOwnPropertySymbols(Promise.resolve()).length > 0;
}
