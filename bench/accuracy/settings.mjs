/**
 * Bytes per sample. Estimates depend on sizes in units of the rate, and on nothing else of it: with a 32nd of the default,
 * a gigabyte makes 65,536 samples.
 */
export const RATE = 16384;

/** Go's, and ours. */
export const DEFAULT_RATE = 524288;

/** How many objects in use are sampled of each function whose error bars are looked at. */
export const COVERAGE_SAMPLES = [12, 25, 50, 100];

/** Standard errors either way. */
export const COVERAGE_ERRORS = [1, 2, 3];

/** Rounds of the traffic that makes garbage: a number between these, so that the profile is taken anywhere between two collections. */
export const GARBAGE_ROUNDS = [40, 60];

/** Accuracy is no matter of time, so processes may share the processors. */
export const AT_ONCE = 2;

/** Runs: phases of each of several processes, in each of which there are so many times the objects. */
export const FULL = {
  equal: { processes: 3, phases: 10, scale: 1 },
  mixed: { processes: 3, phases: 15, scale: 1 },
  wide: { processes: 3, phases: 15, scale: 1 },
  garbage: { processes: 4, phases: 15, scale: 1 },
  allocated: { processes: 3, phases: 10, scale: 1 },
  coverage: { processes: 6, phases: 20, scale: 1 },
};

export const QUICK = {
  equal: { processes: 1, phases: 2, scale: 0.02 },
  mixed: { processes: 1, phases: 2, scale: 0.2 },
  wide: { processes: 1, phases: 2, scale: 0.1 },
  garbage: { processes: 1, phases: 2, scale: 0.25 },
  allocated: { processes: 1, phases: 2, scale: 0.05 },
  coverage: { processes: 1, phases: 2, scale: 1 },
};

/** Of those that there are. */
export const QUICK_PROFILERS = ['mprof', 'datadog', 'datadog-alloc'];
