/** What is held at distinct stacks, and what is thrown away between two harvests, are arrays of 1 KiB; 86 % of them are sampled. */
export const RATE = 512;
export const ELEMENTS = 126;
export const BYTES_PER_ARRAY = 1024;
/** Arrays thrown away before each harvest that is measured. */
export const CHURN = 100;
/** Distinct stacks of these, and of what is held by programs that grow in something else. */
export const STACKS = 100;

/** Nine tenths of a heap of a given size are arrays of 16 KiB, one tenth arrays of four elements; bytes with the reference to each. */
export const HEAP = { large: { elements: 2044, bytes: 16_408 }, small: { elements: 4, bytes: 88 }, smallShare: 0.1 };
/** Bytes between samples by default, and how many samples there are where their number is constant. */
export const HEAP_RATE = 524_288;
export const HEAP_SAMPLES = 2000;

/** Each worker holds something at so many stacks. */
export const WORKER_STACKS = 1000;

/** Requests of the JSON API, and bytes between samples: 32 times as many samples as by default. */
export const LOAD = { perSecond: 400, rate: 16384 };

/** Arrays of 16 KiB are held at distinct stacks, and arrays of 1 KiB thrown away without a pause. */
export const ABOVE = { rate: 8192, heldElements: 2044, allocsBudget: 0.01 };

export const FULL = {
  gigabytes: [0.1, 0.2, 0.5, 1, 2, 4],
  scripts: [100, 300, 1000, 3000, 10_000],
  stacks: [1000, 10_000, 100_000, 1_000_000],
  newSamples: [100, 1000, 10_000, 50_000],
  workers: [1, 2, 4, 8, 16],
  /** So often, or at least three times and no longer than that. */
  harvests: { count: 15, millis: 4000 },
  profiles: { count: 5, millis: 4000 },
  /** How often each throws something away and collects, and for how long. */
  workerPace: { periodMillis: 100, millis: 2000 },
  marks: { count: 12, millis: 5000 },
  above: { stacks: [1000, 4000, 16_000], settleMillis: 5000, cpuMillis: 15_000, unboundedMillis: 3000 },
};

export const QUICK = {
  gigabytes: [0.02, 0.05],
  scripts: FULL.scripts.slice(0, 2),
  stacks: FULL.stacks.slice(0, 2),
  newSamples: FULL.newSamples.slice(0, 2),
  workers: FULL.workers.slice(0, 2),
  harvests: { count: 3, millis: 100 },
  profiles: { count: 1, millis: 100 },
  workerPace: { periodMillis: 10, millis: 30 },
  marks: { count: 6, millis: 30 },
  above: { stacks: FULL.above.stacks.slice(0, 2), settleMillis: 10, cpuMillis: 50, unboundedMillis: 50 },
};
