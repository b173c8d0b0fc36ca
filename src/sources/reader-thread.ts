import workers, { type Worker } from 'node:worker_threads';
import { clearTimeout, setTimeout } from 'node:timers';
import { join } from 'node:path';
import { originalConstructor } from '../threads/worker-constructor';
import { mapScript, type MappedScript, type Place } from './source-map';

/*
 * Reading a source map takes time and memory that go with its size: seconds, and gigabytes, at worst. A thread of its own does
 * it, which is there while it is needed, and which nothing waits for at the end.
 */

/** Milliseconds until it is ended, when it has nothing to do. */
const IDLE_MS = 5000;
/** Of its heap; where that does not suffice, the thread ends, and what it was reading is broken. */
const HEAP_MB = 2048;

let thread: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
interface Question {
  path: string;
  places: readonly Place[];
  answer: (answer: MappedScript | undefined) => void;
}

/** They are answered in turn. */
const waiting: Question[] = [];

/** Looks up places of a script; undefined where that has failed. */
export function readInThread(path: string, places: readonly Place[]): Promise<MappedScript | undefined> {
  return new Promise((answer) => ask({ path, places, answer }));
}

function ask(question: Question): void {
  const { path, places, answer } = question;
  clearTimeout(idle);
  try {
    thread ??= create();
    thread.postMessage({ path, places });
    waiting.push(question);
  } catch {
    // Such as a program that may not have threads: this one has to do, then.
    answer(mapScript(path, places));
  }
}

function create(): Worker {
  const Constructor = originalConstructor() ?? workers.Worker;
  const created = new Constructor(join(__dirname, 'thread.js'), {
    name: 'mprof source maps',
    // Nothing that the program has its threads load.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  created.on('message', (answer: MappedScript) => {
    waiting.shift()!.answer(answer);
    if (waiting.length === 0) idle = setTimeout(() => end(created), IDLE_MS).unref();
  });
  // An error is followed by the exit.
  created.on('error', () => {});
  created.on('exit', () => {
    if (thread !== created) return;
    thread = undefined;
    // It was at the first one.
    const [failed, ...rest] = waiting.splice(0);
    failed?.answer(undefined);
    rest.forEach(ask);
  });
  // Who waits keeps the process alive; after the listeners, of which the first one would undo this.
  created.unref();
  return created;
}

function end(created: Worker): void {
  thread = undefined;
  void created.terminate();
}
