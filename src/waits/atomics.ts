import { native } from '../binding';

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
    const began = performance.now();
    const ticket = native.beginAtomicsWait(args[0], args[1], Infinity);
    let result;
    try {
      result = apply(target, self, args);
    } finally {
      if (ticket !== 0) native.endAtomicsWait(args[0], args[1], ticket);
    }
    if (result !== 'not-equal') observer.onWait((performance.now() - began) * MS_TO_NANOS, onWait as Proxied);
    return result;
  }

  function onNotify(target: typeof Atomics.notify, self: unknown, args: Arguments): unknown {
    const nanos = native.notifyAtomicsWaiters(args[0], args[1], args[2]);
    if (nanos > 0) observer.onNotify(nanos, onNotify as Proxied);
    return apply(target, self, args);
  }

  // Its own wait is that for its promise. The notifier has to know of it, though.
  function onWaitAsync(target: (...args: Arguments) => { async: boolean }, self: unknown, args: Arguments): unknown {
    const result = apply(target, self, args) as { async: boolean };
    if (result.async) native.beginAtomicsWait(args[0], args[1], typeof args[3] === 'number' ? args[3] : Infinity);
    return result;
  }

  const restore = [replace('wait', onWait as Proxied), replace('notify', onNotify as Proxied), replace('waitAsync', onWaitAsync as Proxied)];
  return () => restore.forEach((put) => put());
}

function replace(name: string, trap: Proxied): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(Atomics, name);
  if (typeof descriptor?.value !== 'function' || descriptor.configurable !== true) return () => {};
  const value = new Proxy(descriptor.value as object, { apply: trap as never });
  Object.defineProperty(Atomics, name, { ...descriptor, value });
  return () => {
    // Somebody may have replaced it again.
    if (Object.getOwnPropertyDescriptor(Atomics, name)?.value === value) Object.defineProperty(Atomics, name, descriptor);
  };
}
