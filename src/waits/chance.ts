import { randomFillSync } from 'node:crypto';

/*
 * Time and chance of the profiler's own. What programs put into the place of performance.now() and Math.random(), such as
 * clocks of tests and seeded generators, neither is asked nor learns of it.
 */

/** Milliseconds, as performance.now(). */
export const clock: () => number = performance.now.bind(performance);

const state = randomFillSync(new Uint32Array(4));
// The generator would stay at zero.
state[0]! |= 1;

/** A random number from 0 to below 1, with 32 bits, by Marsaglia's xorshift128. */
export function random(): number {
  let t = state[3]!;
  const s = state[0]!;
  state[3] = state[2]!;
  state[2] = state[1]!;
  state[1] = s;
  t ^= t << 11;
  t ^= t >>> 8;
  state[0] = t ^ s ^ (s >>> 19);
  return state[0]! / 2 ** 32;
}
