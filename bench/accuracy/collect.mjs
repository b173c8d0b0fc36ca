import { addCovered, emptyCoverage } from './coverage.mjs';
import { EXPERIMENTS, scaledMakers } from './experiments.mjs';
import { expected } from './law.mjs';

/**
 * What is known of one experiment.
 *
 * @typedef {object} Result
 * @property {number} rate of the sampler
 * @property {number} runs of each profiler
 * @property {Record<string, Truth>} functions
 * @property {Record<string, Record<string, Record<string, number[]>>>} estimates by profiler, function and value: one for each run
 * @property {number[]} observedShares of mprof's processes: which share of the samples it has seen before their objects died
 * @property {Record<string, import('./coverage.mjs').Covered>} [coverage] by label of the functions, what mprof's error bars have covered
 *
 * @typedef {object} Truth
 * @property {string} label what the report calls the function
 * @property {Record<string, number>} truth by value
 * @property {Record<string, number>} deviation by value: the standard deviation of unbiased estimates, by the sampler's law
 */

/** @returns {Result} */
export function emptyResult(name, profilers, { processes, phases, scale }) {
  const { rate, errorBars } = EXPERIMENTS[name];
  const makers = scaledMakers(name, scale);
  const functions = makers.map((maker) => [maker.name, describe(maker, EXPERIMENTS[name])]);
  return {
    rate,
    runs: processes * phases,
    functions: Object.fromEntries(functions),
    estimates: Object.fromEntries(profilers.map((profiler) => [profiler, {}])),
    observedShares: [],
    ...(errorBars && { coverage: emptyCoverage(makers, rate) }),
  };
}

function describe({ label, sizes, copies, keep, drop }, { rate, rounds, values }) {
  const [truth, deviation] = [{}, {}];
  for (const value of values) {
    const count = value.startsWith('alloc') ? keep + rounds[1] * drop : keep;
    const law = expected(sizes, copies * count, rate);
    truth[value] = value.endsWith('Bytes') ? law.bytes : law.objects;
    deviation[value] = value.endsWith('Bytes') ? law.bytesDeviation : law.objectsDeviation;
  }
  return { label, truth, deviation };
}

/** Adds what a process has told about a phase. */
export function addRun({ functions, estimates, coverage }, profiler, measured) {
  for (const [name, { label, truth }] of Object.entries(functions)) {
    if (coverage !== undefined) addCovered(coverage[label], truth, measured[name]);
    else addEstimates((estimates[profiler][name] ??= {}), truth, measured[name]);
  }
}

function addEstimates(series, truth, measured) {
  for (const value of Object.keys(truth)) if (value in measured) (series[value] ??= []).push(measured[value]);
}
