import { PROFILERS } from '../profilers/index.mjs';

/** Go's default, and ours. */
export const RATE = 524288;

/** `off` twice: how far apart two measurements of the same thing come out. */
export const CONFIGURATIONS = ['off', 'off-again', ...PROFILERS];

/** What is compared with what, pair by pair. */
export const COMPARISONS = [...CONFIGURATIONS.slice(1).map((name) => [name, 'off']), ['mprof', 'datadog']];

export const IN_PROCESS = {
  full: { processes: 5, rounds: 30, blockMillis: 150, warmUpMillis: 3000, settleOperations: 700 },
  quick: { processes: 1, rounds: 3, blockMillis: 30, warmUpMillis: 300, settleOperations: 100 },
};

export const HTTP = {
  full: { processes: 3, slices: 8, sliceMillis: 1000, warmUpMillis: 2000, connections: 16, routes: ['/orders', '/light'] },
  quick: { processes: 1, slices: 2, sliceMillis: 150, warmUpMillis: 150, connections: 8, routes: ['/orders', '/light'] },
};
