import { coverage } from './law.mjs';
import { mean } from '../statistics.mjs';
import { COVERAGE_ERRORS } from './settings.mjs';

/**
 * What the error bars of some functions have covered.
 *
 * @typedef {object} Covered
 * @property {number} pairs of a function and a run
 * @property {number[]} inUse in how many of them the bytes in use were within so many standard errors, as in COVERAGE_ERRORS
 * @property {number[]} alloc the same of the bytes allocated
 * @property {{ inUse: number[], alloc: number[] }} [law] shares of the pairs to be expected, where each function has one size
 */

/** @returns {Record<string, Covered>} by label */
export function emptyCoverage(makers, rate) {
  const byLabel = {};
  for (const maker of makers) (byLabel[maker.label] ??= []).push(maker);
  const zeros = () => COVERAGE_ERRORS.map(() => 0);
  const empty = (group) => ({ pairs: 0, inUse: zeros(), alloc: zeros(), ...(group[0].sizes.length === 1 && { law: lawOf(group, rate) }) });
  return Object.fromEntries(Object.entries(byLabel).map(([label, group]) => [label, empty(group)]));
}

function lawOf(makers, rate) {
  const shares = (countOf) =>
    COVERAGE_ERRORS.map((errors) => mean(makers.map((maker) => coverage(countOf(maker), maker.sizes[0], rate, errors))));
  return { inUse: shares(({ keep }) => keep), alloc: shares(({ keep, drop }) => keep + drop) };
}

export function addCovered(covered, truth, measured) {
  covered.pairs++;
  for (const kind of ['inUse', 'alloc']) {
    const distance = Math.abs(measured[`${kind}Bytes`] - truth[`${kind}Bytes`]) / measured[`${kind}Error`];
    for (const [i, errors] of COVERAGE_ERRORS.entries()) if (distance <= errors) covered[kind][i]++;
  }
}
