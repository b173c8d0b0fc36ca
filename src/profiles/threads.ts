import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/*
 * The threads of the process, by what they are for. Linux lists them under the names they have been given: by Node.js
 * from version 24 on, by libuv from version 22 on, by workers' programs and by addons. Elsewhere only the main thread is
 * known.
 */

const TASKS = '/proc/self/task';
/** Threads that are looked at one by one, which takes some 20 microseconds each. */
const MAX_THREADS = 256;
/** Names that are told apart: a program may name each of its workers differently. */
const MAX_NAMES = 256;
/** The kernel cuts names. */
const MAX_COMM = 15;
const POOL = 'libuv-worker';
const OTHER = '(other)';
const UNNAMED = '(unnamed)';

/** What the blocked signals of an unnamed thread say: V8's block SIGUSR1, and the inspector's all that can be blocked. */
const ROLES: readonly [mask: RegExp, role: string][] = [
  [/^SigBlk:\s*0*200$/m, 'V8Worker'],
  [/^SigBlk:\s*[0-9a-f]*7ffbfeff$/m, 'SignalInspector'],
];

const names = new Set([POOL, OTHER, UNNAMED]);

/** How many threads there are of each name. */
export function takeThreads(): Map<string, number> {
  const tasks = listTasks();
  const threads = new Map([['MainThread', 1]]);
  const add = (name: string, count: number): void => {
    if (count !== 0) threads.set(name, (threads.get(name) ?? 0) + count);
  };
  const inherited = namesOfOthers();
  for (const task of tasks.slice(0, MAX_THREADS)) {
    const name = nameOf(task, inherited);
    if (name !== undefined) add(distinct(name), 1);
  }
  add(OTHER, Math.max(0, tasks.length - MAX_THREADS));
  const unnamed = threads.get(UNNAMED) ?? 0;
  const pool = poolSize();
  // The pool is started as a whole. Where its threads have no names, so have none of those that Node.js starts later.
  if (!threads.has(POOL) && unnamed >= pool) {
    threads.set(POOL, pool);
    threads.set(UNNAMED, unnamed - pool);
    if (unnamed === pool) threads.delete(UNNAMED);
  }
  return threads;
}

/** What a reader has to know about them. */
export function threadsComment(): string {
  const pool = `libuv's pool has ${poolSize()} threads once it is used`;
  if (listTasks().length === 0) return `of the threads, only the main one is known on ${process.platform}; ${pool}`;
  return `threads that are alive now; those without a name are told by their signal masks, and ${pool}`;
}

/** All but the main thread. */
function listTasks(): string[] {
  try {
    return readdirSync(TASKS).filter((task) => task !== String(process.pid));
  } catch {
    return [];
  }
}

/** Undefined for a thread that has ended. */
function nameOf(task: string, inherited: readonly string[]): string | undefined {
  try {
    const name = commOf(task);
    if (!inherited.includes(name)) return name === 'DelayedTaskSche' ? 'DelayedTaskScheduler' : name.replace(/^node-/, '');
    const status = readFileSync(`${TASKS}/${task}/status`, 'utf8');
    return ROLES.find(([mask]) => mask.test(status))?.[1] ?? UNNAMED;
  } catch {
    return undefined;
  }
}

/** Names that a thread has only from the one that has started it. process.title is the main thread's name, too. */
function namesOfOthers(): string[] {
  const known = ['MainThread', 'node-MainThread', basename(process.execPath).slice(0, MAX_COMM)];
  try {
    return [...known, commOf(String(process.pid))];
  } catch {
    return known;
  }
}

function commOf(task: string): string {
  return readFileSync(`${TASKS}/${task}/comm`, 'utf8').trimEnd();
}

function distinct(name: string): string {
  if (names.size < MAX_NAMES) names.add(name);
  return names.has(name) ? name : OTHER;
}

/** As libuv reads it. */
function poolSize(): number {
  const size = parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10);
  return Math.min(1024, Math.max(1, Number.isNaN(size) ? 1 : size));
}
