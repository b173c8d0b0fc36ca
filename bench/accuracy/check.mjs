import { mean } from '../statistics.mjs';
import { COVERAGE_ERRORS } from './settings.mjs';

/** Farther off than this, in standard errors of the mean, is an error of the benchmark or of mprof. */
const MOST_ERRORS = 8;
/** What the rounding of single records may add, as a share of the truth. */
const ROUNDING = 0.1;
/** Share of the estimates within two standard errors, of a few dozen. */
const LEAST_COVERED = 0.7;
/** Where samples died unseen, their law is not known. */
const UNKNOWN_LAW = 0.5;

/** Throws where the profiles cannot be of what has been run. */
export function checkResult(experiment, { runs, functions, estimates, coverage = {} }) {
  for (const [profiler, byFunction] of Object.entries(estimates)) {
    for (const [name, series] of Object.entries(byFunction)) {
      for (const [value, values] of Object.entries(series)) {
        const { truth, deviation } = functions[name];
        const what = `${experiment}, ${profiler}: ${value} of ${name}`;
        if (values.length !== runs) throw new Error(`${what}: ${values.length} runs instead of ${runs}`);
        if (truth[value] === 0) continue;
        if (mean(values) === 0) throw new Error(`${what}: not in the profile`);
        const slack = (value.startsWith('alloc') ? UNKNOWN_LAW : ROUNDING) * truth[value];
        const most = (MOST_ERRORS * deviation[value]) / Math.sqrt(runs) + slack;
        const distance = Math.abs(mean(values) - truth[value]);
        if (profiler === 'mprof' && distance > most) throw new Error(`${what}: ${mean(values)} instead of ${truth[value]}`);
      }
    }
  }
  // Of all functions together, 95 % are expected.
  const sum = (count) => Object.values(coverage).reduce((total, covered) => total + count(covered), 0);
  const within = sum(({ inUse }) => inUse[COVERAGE_ERRORS.indexOf(2)]);
  const pairs = sum((covered) => covered.pairs);
  if (within < LEAST_COVERED * pairs) throw new Error(`${experiment}: ${within} of ${pairs} estimates are within two standard errors`);
}
