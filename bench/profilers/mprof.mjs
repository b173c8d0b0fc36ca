import * as mprof from '../../dist/index.js';
import { readPprof, readPprofFunctions } from './read-pprof.mjs';

export const start = (memProfileRate) => mprof.start({ memProfileRate });
export const { stop, stats } = mprof;
export const takeProfile = () => mprof.lookup('heap').toBuffer();
export const takeProfileAfterGc = () => mprof.lookup('heap').toBuffer({ gc: true });
export const readInUse = readPprof;
export const readFunctions = readPprofFunctions;

/** Other profiles of the heap than that one, which it still is. */
export const forms = {
  protobuf: takeProfile,
  text: () => mprof.lookup('heap').toBuffer({ debug: 1 }),
  delta: () => mprof.lookup('heap').delta({ seconds: 0.05 }),
};

/** Reads V8's samples into the table, as every profile does first, and nothing else. */
export const refresh = () => mprof.lookup('heap').count();
