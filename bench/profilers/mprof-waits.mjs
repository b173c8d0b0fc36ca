import * as mprof from '../../dist/index.js';

export { readInUse, takeProfile } from './mprof.mjs';
export const { stats } = mprof;

/** What the README recommends to leave on. */
const BLOCK_NANOS = 10_000_000;
const MUTEX_FRACTION = 10;

export function start(memProfileRate) {
  mprof.start({ memProfileRate });
  mprof.setBlockProfileRate(BLOCK_NANOS);
  mprof.setMutexProfileFraction(MUTEX_FRACTION);
}

export function stop() {
  mprof.setBlockProfileRate(0);
  mprof.setMutexProfileFraction(0);
  mprof.stop();
}
