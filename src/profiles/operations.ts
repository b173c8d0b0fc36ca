import { native } from '../binding';
import type { Labels } from '../labels/labels';
import { checkFullGoroutines } from '../runtime';
import { StackCapture, type CallSite } from '../waits/capture';
import { clock } from '../waits/chance';
import { labelNumber } from '../waits/frames';
import { innermost } from '../waits/innermost';
import { allAwaits, pendingAwaits } from '../waits/rates';
import { frameNumbers } from '../waits/record';
import { asyncCallers } from '../waits/settlement';
import type { PendingAwait } from '../waits/wait-recorder';
import { activeResources } from './active-resources';

/** Something asynchronous that has started and not finished. */
export interface Operation {
  /** What it is: `running`, `await`, or a type of resource such as `Timeout`. */
  kind: string;
  /** Numbers of its frames, leaf first; the first one says what it is. */
  frames: readonly number[];
  /** How many it stands for. */
  count: number;
  /** How long it has been under way, in milliseconds, where that is known. */
  age?: number;
  labels?: Labels | undefined;
  /** The same object each time it is met, where there is one. */
  identity?: object | undefined;
}

/** All of them, and what a reader has to know. */
export interface Operations {
  operations: Operation[];
  comment: string;
}

const CAPTURE_LIMIT = 256;
/** V8 cannot tell several waiters for one promise, and functions given to then() are in no async function. */
const UNKNOWN = '(unknown waiter)';
const LOOP = '(event loop)';
const RESOURCES = "this thread's timers, requests and handles that keep it alive";

let capture: StackCapture | undefined;

/** What is under way in this thread: what runs, awaits while they are followed, and what keeps the event loop alive. */
export function takeOperations({ full }: { full: boolean }): Operations {
  // First, as looking for waiters makes V8 forget the asynchronous callers of what runs.
  capture ??= new StackCapture();
  const sites: readonly CallSite[] = capture.take(CAPTURE_LIMIT, takeOperations);
  const running = { kind: 'running', frames: [labelNumber('running'), ...frameNumbers(sites)], count: 1 };
  const { awaits, comment } = full ? listed() : followed();
  const innermostAwaits = innermost(awaits, frameNumbers(asyncCallers(sites)));
  return { operations: [running, ...innermostAwaits.map(toOperation), ...resources()], comment: `${RESOURCES}; ${comment}` };
}

function followed(): { awaits: readonly PendingAwait[]; comment: string } {
  const awaits = pendingAwaits();
  if (awaits === undefined) return { awaits: [], comment: 'pending awaits only while setBlockProfileRate() is on' };
  const most = awaits.reduce((most, { count }) => Math.max(most, count), 1);
  return { awaits, comment: `awaits of promises made while waits were profiled, ${most > 1 ? `of which one in ${most} was looked at` : 'all of them'}` };
}

function listed(): { awaits: readonly PendingAwait[]; comment: string } {
  checkFullGoroutines();
  const { awaits, every, nanos } = allAwaits();
  const what = every > 1 ? `one pending await in ${every}` : 'every pending await';
  return { awaits, comment: `${what}, which took ${Math.round(nanos / 1e6)} ms to list` };
}

function toOperation({ frames, count, began, labels, identity }: PendingAwait): Operation {
  const stack = frames.length === 0 ? [labelNumber(UNKNOWN)] : frames;
  return { kind: 'await', frames: [labelNumber('await'), ...stack], count, ...(began !== undefined && { age: clock() - began }), labels, identity };
}

/** Handles, requests and timers. Each type is one operation that stands for all of them. */
function resources(): Operation[] {
  const counts = new Map<string, number>();
  for (const type of activeResources()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Array.from(counts, ([kind, count]) => ({ kind, frames: [labelNumber(kind), labelNumber(LOOP)], count }));
}

/** The number of the operation's stack. */
export function stackOf({ frames }: Operation): number {
  return native.internStack(new Int32Array(frames));
}
