import { native } from '../binding';
import { clock } from './chance';
import { ReplacedFunction } from './replaced-function';

/*
 * The Web Locks API settles its promises inside Node.js, where nothing tells who has released a lock. So while waits are
 * profiled, this thread's LockManager.prototype.request is replaced, and the function that is called with the lock, too.
 */

/** A lock has been granted after so many milliseconds to whoever waits for the promise of its request. */
export type OnGrant = (request: object, ms: number) => void;

/** A call of request() that may have to wait. */
interface Request {
  args: unknown[];
  name: string;
  began: number;
  shared: boolean;
  /** Aborts the request. A listener of ours on it could be seen. */
  signal: { aborted?: unknown } | undefined;
  /** What request() has returned. */
  promise: object | undefined;
}

/** What request() takes. */
const OPTIONS = ['ifAvailable', 'mode', 'signal', 'steal'] as const;
type LockOptions = { [Option in (typeof OPTIONS)[number]]?: unknown };

const MANY_NAMES = 64;

export class WebLocks {
  /** Requests that wait in this thread, by the lock's name, the first one first. */
  readonly #waiting = new Map<string, Request[]>();
  /** Beyond so many names, those are looked for whose requests have all been refused. */
  #manyNames = MANY_NAMES;
  /** What locks are held for: the promises their callbacks have returned. */
  readonly #held = new WeakMap<object, string>();
  /** Whether any lock has been held so far. */
  inUse = false;
  #request: ReplacedFunction<{ args: unknown[] }> | undefined;

  constructor(private readonly onGrant: OnGrant) {}

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
    const [first, ...others] = this.#waitingFor(this.#held.get(promise) ?? '');
    if (first === undefined) return 0;
    const now = clock();
    let sum = now - first.began;
    for (const other of first.shared ? others : []) {
      if (!other.shared) break;
      sum += now - other.began;
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
      signal: signal as Request['signal'],
      promise: undefined,
    };
    if (this.#waiting.size >= this.#manyNames) this.#dropRefused();
    this.#waiting.set(name, [...this.#waitingFor(name), request]);
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
    if (request.promise !== undefined) this.onGrant(request.promise, clock() - request.began);
  }

  #waitingFor(name: string): Request[] {
    return (this.#waiting.get(name) ?? []).filter(
      ({ signal, promise }) => signal?.aborted !== true && (promise === undefined || native.isPending(promise)),
    );
  }

  #leave(request: Request): void {
    this.#setWaiting(request.name, this.#waitingFor(request.name).filter((other) => other !== request));
  }

  #setWaiting(name: string, queue: Request[]): void {
    if (queue.length === 0) this.#waiting.delete(name);
    else this.#waiting.set(name, queue);
  }

  /** Nothing tells of a refusal. */
  #dropRefused(): void {
    for (const name of this.#waiting.keys()) this.#setWaiting(name, this.#waitingFor(name));
    this.#manyNames = Math.max(MANY_NAMES, 2 * this.#waiting.size);
  }
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
