import { decode, gunzip } from '../../dist/pprof/index.js';

/** Samples of a pprof profile of which something is in use; bytes in use are the last value everywhere. */
export function readPprof(gzipped) {
  const inUse = decode(gunzip(gzipped)).sample.map(({ value }) => Number(value.at(-1))).filter((bytes) => bytes > 0);
  return { samples: inUse.length, bytes: inUse.reduce((sum, bytes) => sum + bytes, 0) };
}
