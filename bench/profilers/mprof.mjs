import * as mprof from '../../dist/index.js';
import { readPprof } from './read-pprof.mjs';

export const start = (memProfileRate) => mprof.start({ memProfileRate });
export const { stop, stats } = mprof;
export const takeProfile = () => mprof.lookup('heap').toBuffer();
export const readInUse = readPprof;

/** Reads V8's samples into the table, as every profile does first, and nothing else. */
export const refresh = () => mprof.lookup('heap').count();
