import { native } from '../binding';
import { clock } from './chance';

/*
 * The Web Locks API settles its promises inside Node.js, where nothing tells who has released a lock. So while waits are
 * profiled, this thread's LockManager.prototype.request is replaced, and the function that is called with the lock, too:
 * by functions of the addon's, which are on no stack.
 */

/** A lock has been granted after so many milliseconds to whoever waits for the promise of its request. */
export type OnGrant = (request: object, ms: number) => void;

interface Request {
  name: string;
  began: number;
  shared: boolean;
  /** Aborts the request. A listener of ours on it could be seen. */
  signal: { aborted?: unknown } | undefined;
  /** What request() has returned. */
  promise: object | undefined;
}

interface Manager {
  request(...args: unknown[]): Promise<unknown>;
}

export class WebLocks {
  /** Requests that wait in this thread, by the lock's name, the first one first. */
  readonly #waiting = new Map<string, Request[]>();
  /** What locks are held for: the promises their callbacks have returned. */
  readonly #held = new WeakMap<object, string>();
  /** Whether any lock has been held so far. */
  inUse = false;
  /** Calls of request() that are on the stack; undefined for those that do not wait. */
  readonly #calls: (Request | undefined)[] = [];
  #active = false;
  /** Puts the original back; false where somebody else's is in place. */
  #restore: (() => boolean) | undefined;
  #replaced: { original: Manager['request']; replacement: Manager['request'] } | undefined;

  constructor(private readonly onGrant: OnGrant) {}

  /** Does nothing where there are no Web Locks. */
  install(): void {
    const { locks } = (globalThis as { navigator?: { locks?: Manager } }).navigator ?? {};
    if (locks === undefined) return;
    this.#active = true;
    // Somebody may have replaced ours, and call it.
    if (this.#restore !== undefined) return;
    const prototype = Object.getPrototypeOf(locks) as Manager;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'request');
    if (descriptor?.configurable !== true || typeof descriptor.value !== 'function') return;
    const replacement = this.#replace(descriptor.value as Manager['request']);
    Object.defineProperty(prototype, 'request', { ...descriptor, value: replacement });
    this.#restore = () => {
      if (prototype.request !== replacement) return false;
      Object.defineProperty(prototype, 'request', descriptor);
      return true;
    };
  }

  remove(): void {
    this.#active = false;
    if (this.#restore?.() === true) this.#restore = undefined;
  }

  /** Made once: what the addon makes is collected late. */
  #replace(original: Manager['request']): Manager['request'] {
    if (this.#replaced?.original === original) return this.#replaced.replacement;
    const replacement = native.wrapCall((...args) => this.#begin(args), original, (promise) => this.#end(promise)) as Manager['request'];
    for (const property of ['name', 'length']) {
      Object.defineProperty(replacement, property, Object.getOwnPropertyDescriptor(original, property)!);
    }
    this.#replaced = { original, replacement };
    return replacement;
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

  /** request() is called: the arguments to call it with instead. */
  #begin(args: unknown[]): unknown[] | undefined {
    const [name, options] = args;
    const last = args.length > 2 ? 2 : 1;
    const callback = args[last];
    this.#calls.push(undefined);
    const { ifAvailable, steal, mode, signal } = (args.length > 2 && typeof options === 'object' && options !== null ? options : {}) as {
      [option: string]: unknown;
      signal?: { aborted?: unknown };
    };
    // Those do not wait.
    const waits = this.#active && typeof name === 'string' && typeof callback === 'function' && ifAvailable !== true && steal !== true;
    const request = waits ? { name, began: clock(), shared: mode === 'shared', signal, promise: undefined } : undefined;
    if (request === undefined) return undefined;
    this.#calls[this.#calls.length - 1] = request;
    this.#waiting.set(request.name, [...this.#waitingFor(request.name), request]);
    const onHeld = (result: unknown): void => {
      if (!(result instanceof Promise)) return;
      this.#held.set(result, request.name);
      this.inUse = true;
    };
    const wrapped = native.wrapCall(() => this.#grant(request), callback as () => unknown, onHeld);
    return args.map((arg, i) => (i === last ? wrapped : arg));
  }

  /** It returns, or has thrown. */
  #end(promise: unknown): void {
    const request = this.#calls.pop();
    if (request === undefined) return;
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
    const queue = this.#waitingFor(request.name).filter((other) => other !== request);
    if (queue.length === 0) this.#waiting.delete(request.name);
    else this.#waiting.set(request.name, queue);
  }
}
