import { Cache, makeArrays, spinProcessor, waitForTimer } from './cache';

export async function run() {
  const cache = new Cache(500);
  cache.fill(100);
  const arrays = makeArrays(100);
  for (let i = 0; i < 5; i++) await waitForTimer(2);
  return { cache, arrays, spin: spinProcessor };
}
