import { encode, heap } from '@datadog/pprof';
import { readPprof, readPprofFunctions } from './read-pprof.mjs';

/** What its users pass: it has no default, and dd-trace uses 64. */
export const STACK_DEPTH = 64;

export const start = (rate) => heap.start(rate, STACK_DEPTH);
export const stop = () => heap.stop();
export const takeProfile = () => encode(heap.profile());
export const readInUse = readPprof;
export const readFunctions = readPprofFunctions;
