import t from 'tap';
import { fixture, isTurnOf, runJson } from './helpers/child';

/*
 * That sums are unbiased where not everything is recorded. By Go's rule a wait of d, at a rate of r > d, is recorded with
 * probability d / r and then counts for r / d waits and a delay of r. So an estimate of the delay has the variance d (r - d)
 * and that of the number r / d - 1, and one event adds r, or r / d, at the most. Bernstein's inequality, or for rates that
 * follow what has been recorded Freedman's, bounds how far a sum may be from the truth: with variance v and largest summand
 * m, more than t has a chance below 2 exp(-t^2 / (2 (v + m t / 3))). Bounds here leave it 1e-9 each, 5e-8 in all.
 */

const CHANCE = 1e-9;

interface Report {
  truth: Record<string, { waits: number; delay: number; inverse: number; squares: number; shortest: number }>;
  /** [contentions, delay] */
  estimates: Record<string, [number, number]>;
  blockRate: { lowest: number; highest: number };
  lostWaits: number;
  waitFailures: number;
  seconds: number;
}

const CASES: [rate: number, captures: number, name: string][] = [
  [1, 0, 'everything'],
  [1e6, 0, '1 ms'],
  [30e6, 0, '30 ms'],
  [1e9, 0, '1 s'],
  [10e6, 20, '10 ms, with 20 captures a second'],
  [1, 100, 'everything, with 100 captures a second'],
];

// They mostly wait, so that two at a time do not disturb each other.
t.jobs = 2;
for (const [i, [rate, captures, name]] of CASES.entries()) {
  if (!(i % 2 === 0 ? isTurnOf(20, 24) : isTurnOf(22, 26))) continue;
  t.test(`block rate of ${name}`, { buffered: true }, async (t) => {
    const { truth, estimates, blockRate, lostWaits, waitFailures } = await runJson<Report>(fixture('stat-waits.cjs'), {
      args: [String(rate), String(captures)],
    });
    t.equal(lostWaits, 0, 'every waiter is found');
    t.equal(waitFailures, 0, 'nothing fails inside');
    if (captures === 0) t.same(blockRate, { lowest: rate, highest: rate }, 'the rate is the one that was set');
    else t.ok(blockRate.lowest >= rate && blockRate.highest > 100 * rate, `the rate goes from ${blockRate.lowest} to ${blockRate.highest} ns`);

    // In milliseconds, as everything here. A rate that varies is bounded by its highest value.
    const highest = blockRate.highest / 1e6;
    const all = { waits: 0, delay: 0, inverse: 0, squares: 0, shortest: Infinity };
    estimates.all = [0, 0];
    for (const [site, sums] of Object.entries(truth)) {
      for (const key of ['waits', 'delay', 'inverse', 'squares'] as const) all[key] += sums[key];
      all.shortest = Math.min(all.shortest, sums.shortest);
      estimates.all = [estimates.all[0] + estimates[site]![0], estimates.all[1] + estimates[site]![1]];
    }
    for (const [site, { waits, delay, inverse, squares, shortest }] of Object.entries({ ...truth, all })) {
      const [contentions, estimated] = estimates[site]!;
      // What the program measures is a little shorter than what the profiler does, or longer: one percent, and 5 us.
      const slack = 0.01 * delay + 0.005 * waits;
      const delayBound = largestError(Math.max(0, highest * delay - squares), highest) + slack;
      t.ok(Math.abs(estimated - delay) <= delayBound, `${site}: delay ${off(estimated, delay)}, allowed ${percent(delayBound / delay)}`);
      // Weights go by the profiler's own durations, which for the shortest waits differ noticeably from the program's.
      const countBound = largestError(Math.max(0, highest * inverse - waits), highest / shortest) + 0.02 * waits;
      t.ok(Math.abs(contentions - waits) <= countBound, `${site}: contentions ${off(contentions, waits)}, allowed ${percent(countBound / waits)}`);
    }
  });
}

/** The t of the inequality above. */
function largestError(variance: number, largest: number): number {
  const log = Math.log(2 / CHANCE);
  const half = (largest * log) / 3;
  return half + Math.sqrt(half ** 2 + 2 * variance * log);
}

function off(estimate: number, truth: number): string {
  return `${percent(estimate / truth - 1)} off`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
