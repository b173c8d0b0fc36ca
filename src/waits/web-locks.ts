import { native } from '../binding';
import type { Labels } from '../labels/labels';
import { clock } from './chance';
import { ReplacedFunction } from './replaced-function';

/*
 * The Web Locks API settles its promises inside Node.js, where nothing tells who has released a lock. So while waits are
 * profiled, this thread's LockManager.prototype.request is replaced, and the function that is called with the lock, too.
 */

/** A lock that has been granted to whoever waits for it. */
export interface Grant {
  /** The promise that the request has returned. */
  request: object;
  /** How long it has been waited for. */
  ms: number;
  /** Those in force at the request. */
  labels: Labels | undefined;
}

/** A call of request() that may have to wait. */
interface Request {
  args: unknown[];
  name: string;
  began: number;
  shared: boolean;
  labels: Labels | undefined;
  /** Aborts the request. A listener of ours on it could be seen. */
  signal: { aborted?: unknown } | undefined;
  /** What request() has returned. */
  promise: object | undefined;
}

/** What request() takes. */
const OPTIONS = ['ifAvailable', 'mode', 'signal', 'steal'] as const;
type LockOptions = { [Option in (typeof OPTIONS)[number]]?: unknown };

const MANY = 64;

export class WebLocks {
  /** Requests that wait in this thread, by the lock's name, the first one first. */
  readonly #waiting = new Map<string, Set<Request>>();
  /** Beyond so many of them, those are looked for that have been refused. */
  #many = MANY;
  #count = 0;
  /** What locks are held for: the promises their callbacks have returned. */
  readonly #held = new WeakMap<object, string>();
  /** Whether any lock has been held so far. */
  inUse = false;
  #request: ReplacedFunction<{ args: unknown[] }> | undefined;

  constructor(
    private readonly labelsNow: () => Labels | undefined,
    private readonly onGrant: (grant: Grant) => void,
  ) {}

  /** Does nothing where there are no Web Locks. */
  install(): void {
    const { locks } = (globalThis as { navigator?: { locks?: object } }).navigator ?? {};
    if (locks === undefined) return;
    this.#request ??= new ReplacedFunction(Object.getPrototypeOf(locks) as object, 'request', {
      before: (...args) => this.#begin(args),
      after: (call, promise) => {
        if ('began' in call) this.#end(call as Request, promise);
      },
    });
    this.#request.install();
  }

  remove(): void {
    this.#request?.remove();
  }

  /** Whether a lock is held until the promise is settled. */
  isHeldUntil(promise: object): boolean {
    return this.#held.has(promise);
  }

  /** How many milliseconds those have waited that are granted the lock when the promise is settled. */
  waitedFor(promise: object): number {
    const now = clock();
    let sum = 0;
    let last: Request | undefined;
    for (const request of this.#waiting.get(this.#held.get(promise) ?? '') ?? []) {
      if (hasEnded(request)) continue;
      // The first one alone, or those next to it that share the lock with it.
      if (last !== undefined && !(last.shared && request.shared)) break;
      last = request;
      sum += now - request.began;
    }
    return sum;
  }

  /** request() is called: what to call it with instead. */
  #begin(args: unknown[]): Request | { args: unknown[] } | undefined {
    const [name, given] = args;
    const last = args.length > 2 ? 2 : 1;
    const callback = args[last];
    if (typeof name !== 'string' || typeof callback !== 'function') return undefined;
    const options = last === 2 ? readOptions(given) : {};
    if (options === undefined) return undefined;
    const { ifAvailable, steal, mode, signal } = options;
    const passed = last === 2 ? [name, options, callback] : [name, callback];
    // Those do not wait.
    if (ifAvailable === true || steal === true) return { args: passed };
    const request: Request = {
      args: passed,
      name,
      began: clock(),
      shared: mode === 'shared',
      labels: this.labelsNow(),
      signal: signal as Request['signal'],
      promise: undefined,
    };
    if (++this.#count >= this.#many) this.#dropRefused();
    const queue = this.#waiting.get(name);
    if (queue === undefined) this.#waiting.set(name, new Set([request]));
    else queue.add(request);
    passed[last] = native.wrapCall(
      () => {
        this.#grant(request);
        return {};
      },
      callback as () => unknown,
      (_, result) => {
        if (!(result instanceof Promise)) return;
        this.#held.set(result, name);
        this.inUse = true;
      },
    );
    return request;
  }

  /** It returns, or has thrown. */
  #end(request: Request, promise: unknown): void {
    if (promise instanceof Promise) request.promise = promise;
    else this.#leave(request);
  }

  #grant(request: Request): void {
    this.#leave(request);
    // What is granted at once has not waited.
    const { promise, began, labels } = request;
    if (promise !== undefined) this.onGrant({ request: promise, ms: clock() - began, labels });
  }

  #leave(request: Request): void {
    const queue = this.#waiting.get(request.name);
    if (queue?.delete(request) === true) this.#count--;
    if (queue?.size === 0) this.#waiting.delete(request.name);
  }

  /** Nothing tells of a refusal. */
  #dropRefused(): void {
    for (const queue of this.#waiting.values()) {
      for (const request of queue) if (hasEnded(request)) this.#leave(request);
    }
    this.#many = Math.max(MANY, 2 * this.#count);
  }
}

/** Whether a request has been refused. */
function hasEnded({ signal, promise }: Request): boolean {
  return signal?.aborted === true || (promise !== undefined && !native.isPending(promise));
}

/** A copy, as to read the program's own twice could be noticed. Undefined for what is not an object. */
function readOptions(given: unknown): LockOptions | undefined {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null) return undefined;
  const options: LockOptions = {};
  for (const option of OPTIONS) {
    const value = (given as LockOptions)[option];
    if (value !== undefined) options[option] = value;
  }
  return options;
}
