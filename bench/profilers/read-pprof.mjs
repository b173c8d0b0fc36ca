import { decode } from '../../dist/pprof/index.js';

/** Samples of a pprof profile of which something is in use; all profilers put bytes in use last. */
export function readPprof(profile) {
  const inUse = decode(profile).sample.map(({ value }) => Number(value.at(-1))).filter((bytes) => bytes > 0);
  return { samples: inUse.length, bytes: inUse.reduce((sum, bytes) => sum + bytes, 0) };
}
