/** Rates for the runtime's setters; `never` and `off` are told apart by what the process has done before. */
export const CONFIGURATIONS = {
  never: { blockNanos: 0, mutexFraction: 0 },
  off: { blockNanos: 0, mutexFraction: 0 },
  'off-again': { blockNanos: 0, mutexFraction: 0 },
  block: { blockNanos: 10_000_000, mutexFraction: 0 },
  'block-mutex': { blockNanos: 10_000_000, mutexFraction: 10 },
};

export const LABELS = {
  never: 'never on',
  off: 'off',
  'off-again': 'off again (A/A)',
  block: 'block profile, 10 ms',
  'block-mutex': 'block profile, 10 ms, and mutex profile, 1 in 10',
};

/** What is compared with what, pair by pair. */
export const COMPARISONS = [
  ['off-again', 'off'],
  ['block', 'off'],
  ['block-mutex', 'off'],
  ['off', 'never'],
];

/** Requests under way at the same time. */
export const CONCURRENCY = 32;

/** Blocks are long, as V8 optimises some code anew after each switch. */
export const SETTINGS = {
  full: { processes: 3, rounds: 5, blockMillis: 200, warmUpMillis: 500 },
  quick: { processes: 1, rounds: 1, blockMillis: 15, warmUpMillis: 40 },
};

/** Tasks that wait in a row, for each length of waits in delays-child.mjs. */
export const TASKS = { immediate: 2, short: 20, medium: 20, long: 20 };

/** At the default, and as many as there are: the rate rises so that no more stacks are captured. */
export const CAPTURES = [20, 0];

export const DELAYS = {
  full: { processes: 3, windows: 12, windowMillis: 2000 },
  quick: { processes: 1, windows: 2, windowMillis: 300 },
};
