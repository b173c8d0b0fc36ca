import { startHeapProfile } from 'node:v8';
import { readFunctions as readTreeFunctions, readInUse as readTree } from './inspector.mjs';

let profile;
let rate;

export function start(sampleInterval) {
  rate = sampleInterval;
  profile = startHeapProfile({ sampleInterval });
}

export const stop = () => profile.stop();

/** There is no other way to have one than to stop; its users start again. */
export function takeProfile() {
  const json = stop();
  start(rate);
  return json;
}

export const readInUse = readTree;
export const readFunctions = readTreeFunctions;
