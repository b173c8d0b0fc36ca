import { PROFILERS } from '../profilers/index.mjs';

/** Go's default, and ours. */
export const RATE = 524288;
/** The same with so many times the samples: what a sample costs is seen much better there. */
export const OFTEN = 32;

/** `off` twice: how far apart two measurements of the same thing come out. */
export const CONFIGURATIONS = ['off', 'off-again', 'mprof', 'mprof-waits', ...PROFILERS.filter((name) => name !== 'mprof')];
const OFTEN_CONFIGURATIONS = ['mprof-often', 'datadog-often'];

/** To see that it works, few are enough. */
export const QUICK_CONFIGURATIONS = ['off', 'mprof', 'mprof-waits', 'datadog'];

/** Which profiler a configuration is, and at which rate. */
export function configurationOf(name) {
  return name.endsWith('-often') ? { profiler: name.replace(/-often$/, ''), rate: RATE / OFTEN } : { profiler: name, rate: RATE };
}

/** What is measured within one process. */
export const WORKLOADS = {
  orders: [...CONFIGURATIONS, ...OFTEN_CONFIGURATIONS],
  bookings: [...CONFIGURATIONS, ...OFTEN_CONFIGURATIONS],
  churn: [...CONFIGURATIONS, ...OFTEN_CONFIGURATIONS],
};

export const IN_PROCESS = {
  full: { processes: 3, rounds: 20, blockMillis: 150, warmUpMillis: 2000, settleShare: 1 },
  quick: { processes: 1, rounds: 1, blockMillis: 10, warmUpMillis: 50, settleShare: 1 },
};

/** What is measured over HTTP: services, each with its routes. */
export const SERVICES = { json: ['/orders', '/light'], bookings: ['/'], grown: ['/orders'] };

export const HTTP = {
  full: { processes: 2, slices: 4, sliceMillis: 1000, warmUpMillis: 1500, connections: 16, modules: 3000, megabytes: 1000 },
  quick: { processes: 1, slices: 1, sliceMillis: 60, warmUpMillis: 30, connections: 8, modules: 100, megabytes: 10 },
};
