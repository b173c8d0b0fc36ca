/** Distinct call stacks that hold something. */
export const STACKS = [1_000, 10_000, 50_000];

/** Each stack holds one array of 16 KiB and a sample is taken every 8 KiB, so 86 % of the stacks are sampled. */
export const RATE = 8192;
export const BYTES_PER_STACK = 16384;

/** How long the event loop is watched while nothing is done. */
export const IDLE_MS = 100;

export const FULL = { stacks: STACKS, processes: 5, rounds: 6, encodings: 5 };
export const QUICK = { stacks: [1_000], processes: 1, rounds: 2, encodings: 2 };
