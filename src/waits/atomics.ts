import { native } from '../binding';
import { clock } from './chance';

/*
 * Waits of threads for each other, at addresses of shared memory. V8 has no hook for them, so while they are profiled
 * this thread's Atomics functions are replaced by proxies of themselves.
 */

/** What to do about waits; durations in nanoseconds. */
export interface AtomicsObserver {
  /** A wait is over: still on the stack of the waiter, below `hook`. */
  onWait(nanos: number, hook: Proxied): void;
  /** Waits are about to be ended, which lasted so long together: on the stack of who does it, below `hook`. */
  onNotify(nanos: number, hook: Proxied): void;
}

type Proxied = (...args: never[]) => unknown;
type Arguments = [array: unknown, index: unknown, ...rest: unknown[]];

const { apply } = Reflect;
const MS_TO_NANOS = 1e6;

/** Replaces them. @returns how to put back those that are still in place */
export function observeAtomics(observer: AtomicsObserver): () => void {
  function onWait(target: typeof Atomics.wait, self: unknown, args: Arguments): unknown {
    const began = clock();
    const ticket = native.beginAtomicsWait(args[0], args[1], timeoutOf(args));
    let result;
    try {
      result = apply(target, self, args);
    } finally {
      if (ticket !== 0) native.endAtomicsWait(args[0], args[1], ticket);
    }
    if (result !== 'not-equal') observer.onWait((clock() - began) * MS_TO_NANOS, onWait as Proxied);
    return result;
  }

  function onNotify(target: typeof Atomics.notify, self: unknown, args: Arguments): unknown {
    const nanos = native.notifyAtomicsWaiters(args[0], args[1], args[2]);
    const woken = apply(target, self, args);
    if (nanos > 0 && woken > 0) observer.onNotify(nanos, onNotify as Proxied);
    return woken;
  }

  // Its own wait is that for its promise. The notifier has to know of it, though.
  function onWaitAsync(target: (...args: Arguments) => { async: boolean }, self: unknown, args: Arguments): unknown {
    const result = apply(target, self, args) as { async: boolean };
    if (result.async) native.beginAtomicsWait(args[0], args[1], timeoutOf(args));
    return result;
  }

  const restore = [replace('wait', onWait as Proxied), replace('notify', onNotify as Proxied), replace('waitAsync', onWaitAsync as Proxied)];
  return () => restore.forEach((put) => put());
}

function timeoutOf([, , , timeout]: Arguments): number {
  return typeof timeout === 'number' ? timeout : Infinity;
}

interface Replacement {
  proxy: object;
  /** Without a trap the proxy does what the original does. */
  handler: { apply?: Proxied };
  original: PropertyDescriptor;
}

/** Those that could not be put back, as somebody else has replaced them again and may call them. */
const inPlace = new Map<string, Replacement>();

function replace(name: string, trap: Proxied): () => void {
  const replacement = inPlace.get(name) ?? install(name);
  if (replacement === undefined) return () => {};
  const { proxy, handler, original } = replacement;
  handler.apply = trap;
  return () => {
    delete handler.apply;
    if (Object.getOwnPropertyDescriptor(Atomics, name)?.value !== proxy) return;
    Object.defineProperty(Atomics, name, original);
    inPlace.delete(name);
  };
}

function install(name: string): Replacement | undefined {
  const original = Object.getOwnPropertyDescriptor(Atomics, name);
  if (typeof original?.value !== 'function' || original.configurable !== true) return undefined;
  const handler: Replacement['handler'] = {};
  const proxy = new Proxy(original.value as object, handler as ProxyHandler<object>);
  Object.defineProperty(Atomics, name, { ...original, value: proxy });
  const replacement = { proxy, handler, original };
  inPlace.set(name, replacement);
  return replacement;
}
