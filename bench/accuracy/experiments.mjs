import { PROFILERS } from '../profilers/index.mjs';
import { ALLOCATING_MAKERS, COVERAGE_MAKERS, EQUAL_MAKERS, GARBAGE_MAKERS, MIXED_MAKERS, WIDE_MAKERS } from './makers.mjs';
import { DEFAULT_RATE, GARBAGE_ROUNDS, RATE } from './settings.mjs';

const IN_USE = ['inUseBytes', 'inUseObjects'];
const ALLOCATED = ['allocBytes', 'allocObjects'];
/** They tell what has been allocated, too. */
const WITH_ALLOCATIONS = PROFILERS.filter((name) => name === 'mprof' || name === 'datadog-alloc');

/**
 * What is measured.
 *
 * @typedef {object} Experiment
 * @property {string[]} profilers
 * @property {number} rate of the sampler
 * @property {import('./makers.mjs').Maker[]} makers functions whose objects are estimated
 * @property {[number, number]} rounds of traffic that makes garbage, between these two numbers
 * @property {boolean} forceGc whether all garbage is collected before the profile is taken
 * @property {string[]} values of the profile that are compared with the truth
 * @property {boolean} [errorBars] whether the errors that mprof states are, too
 */
const inUse = { profilers: PROFILERS, rate: RATE, rounds: [0, 0], forceGc: true, values: IN_USE };

/** @type {Record<string, Experiment>} */
export const EXPERIMENTS = {
  equal: { ...inUse, makers: EQUAL_MAKERS },
  mixed: { ...inUse, makers: MIXED_MAKERS },
  wide: { ...inUse, makers: WIDE_MAKERS, rate: DEFAULT_RATE },
  garbage: { ...inUse, makers: GARBAGE_MAKERS, rounds: GARBAGE_ROUNDS, forceGc: false, values: ['inUseBytes'] },
  allocated: { ...inUse, makers: ALLOCATING_MAKERS, profilers: WITH_ALLOCATIONS, rounds: [1, 1], values: ALLOCATED },
  coverage: { ...inUse, makers: COVERAGE_MAKERS, profilers: ['mprof'], rounds: [1, 1], values: ['inUseBytes', 'allocBytes'], errorBars: true },
};

/** Those of an experiment, with so many times the objects. */
export function scaledMakers(experiment, scale) {
  const scaled = (count) => Math.ceil(count * scale);
  return EXPERIMENTS[experiment].makers.map(({ copies, keep, drop, ...maker }) => ({
    ...maker,
    copies: scaled(copies),
    keep: scaled(keep),
    drop: scaled(drop),
  }));
}
