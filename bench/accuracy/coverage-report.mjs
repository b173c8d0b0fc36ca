import { table } from '../markdown.mjs';
import { COVERAGE_ERRORS } from './settings.mjs';

/** With which chance a normally distributed value is within so many standard deviations, as in COVERAGE_ERRORS. */
const NORMAL = [0.6827, 0.9545, 0.9973];

export function reportCoverage({ runs, rate, coverage }) {
  const errors = (what) => COVERAGE_ERRORS.map((count) => `${what}, ± ${count}`);
  const rows = Object.entries(coverage).map(([label, { pairs, inUse, alloc, law }]) => {
    const cells = (counts, shares) => counts.map((count, i) => `${percent(count / pairs)}${shares ? ` (${percent(shares[i])})` : ''}`);
    return [label, pairs, ...cells(inUse, law?.inUse), ...cells(alloc, law?.alloc)];
  });
  rows.push(['normal distribution', '', ...[...NORMAL, ...NORMAL].map(percent)]);
  return `Only mprof states standard errors. How often, in percent, the bytes of a function are within so many of them of the truth: functions
of one size each, from 64 B to 32 KiB, and functions of many, which keep every other object; by the number of samples in use to be
expected. In brackets, where sizes are equal, what the law makes it; samples are whole numbers, and so few of them are not normally
distributed. ${runs} runs, one sample per ${rate / 1024} KiB.

${table(['samples', 'functions x runs', ...errors('in use'), ...errors('allocated')], rows)}`;
}

const percent = (share) => (share * 100).toFixed(1);
