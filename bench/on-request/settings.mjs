export const SETTINGS = {
  full: { processes: 3, rounds: 10, heapMegabytes: [10, 100, 1000], fullListingUpTo: 100, blockMillis: 200, windowSeconds: 10 },
  quick: { processes: 1, rounds: 2, heapMegabytes: [10], fullListingUpTo: 10, blockMillis: 20, windowSeconds: 0.5 },
};

/** What waits while the goroutine profile is read. */
export const AWAITS = 1000;
/** Asynchronous callers of each. */
export const CALLERS = 4;
export const TIMERS = 100;
/** Synchronous frames below a call of add(). */
export const DEPTH = 20;
