import t, { type Test } from 'tap';
import {
  bernoulli,
  binomial,
  boundSum,
  expectation,
  map,
  sampleChance,
  type Draws,
  type Interval,
  type Outcome,
} from './helpers/chances';
import { fixture, isTurnOf, runJson, UNOPTIMISED } from './helpers/child';

/*
 * The profile's estimates are random. Each test here computes an interval from the sampler's law - an object of s bytes
 * is sampled with probability p = 1 - exp(-s / rate), independently of all others - and from numbers of objects that are
 * known because the program under test made them. A correct profiler leaves one such interval with a chance of at most
 * FALSE_ALARM (see boundSum), and there are fewer than 200 of them: 2e-7 in all. Where the law is not known, in the
 * test of the windows, the chance is computed there: 3e-7 in all. So less than one run in a million fails for nothing.
 *
 * The wider an interval, the more it takes to notice a bias. Each comment says what the test would notice.
 *
 * V8's sampler draws from the random numbers of its isolate, which are seeded anew in each process and go on over
 * restarts, so that all phases of a program and all processes are independent.
 */
const FALSE_ALARM = 1e-9;
/** Go's default. */
const RATE = 524288;

t.setTimeout(600_000);

/** What the fixtures report of a function. Errors are standard errors. */
interface Measured {
  /** Sampled objects: allocated, and in use. */
  sampled: number;
  live: number;
  allocObjects: number;
  allocObjectsError: number;
  allocBytes: number;
  allocBytesError: number;
  inuseObjects: number;
  inuseObjectsError: number;
  inuseBytes: number;
  inuseBytesError: number;
}

/** Go's estimate from n sampled objects of one size; both numbers are truncated. */
function goEstimate(n: number, size: number, rate: number): { objects: number; bytes: number } {
  const scale = 1 / (1 - Math.exp(-size / rate));
  return { objects: Math.trunc(n * scale), bytes: Math.trunc(n * size * scale) };
}

function checkWithin(t: Test, value: number, { low, high }: Interval, expected: number, name: string): void {
  const percent = (number: number): string => `${((number / expected - 1) * 100).toFixed(1)}`;
  t.ok(value >= low && value <= high, `${name}: ${percent(value)} % off, allowed ${percent(low)} to ${percent(high)} %`, {
    found: { value, low, high, expected },
  });
}

/** Checks a sum of draws, whose expectation may differ from the truth, because of Go's truncation, by very little. */
function checkSum(t: Test, value: number, draws: readonly Draws[], truth: number, name: string): void {
  checkWithin(t, value, boundSum(draws, FALSE_ALARM), truth, name);
}

// V8's sampler has been the same in each of them. Shorter tests of the law at lower rates run with all.
if (isTurnOf(26)) {
  t.test('estimates at 512 KiB are unbiased for all sizes', async (t) => {
    const single = [
      { size: 32, count: 2 ** 20 },
      { size: 1024, count: 2 ** 15 },
      { size: 16384, count: 2 ** 11 },
      { size: 102400, count: 328 },
      { size: 399360, count: 84 },
      { size: 524288, count: 64 },
      { size: 634880, count: 52 },
      { size: 1048576, count: 32 },
      { size: 4194304, count: 8 },
    ];
    // Sizes around the rate, of which V8's own rounded counts make 19 % more and 19 % less.
    const range = (from: number, to: number): number[] =>
      Array.from({ length: 15 }, (_, i) => Math.round(((from + ((to - from) * i) / 14) * RATE) / 8) * 8);
    const mixed = [
      { name: 'makeAll', sizes: single.map(({ size }) => size), rounds: 2 },
      { name: 'makeBelow', sizes: range(0.7, 1.1), rounds: 10 },
      { name: 'makeAbove', sizes: range(1.12, 2.2), rounds: 6 },
    ];
    const phases = 10;
    // Each function keeps every other object. 10 phases in two processes make some 640 samples of what each function
    // keeps, and twice that of what it allocates, fewer of the larger sizes, whose sampling varies less: biases above a
    // fifth in use, and above a seventh allocated, would show. The second process runs as V8 likes, optimised.
    const runs: { names: string[]; perPhase: Measured[][]; observedShare: number }[] = [];
    for (const flags of [UNOPTIMISED, []]) {
      runs.push(await runJson(fixture('stat-sizes.cjs'), { flags, args: [JSON.stringify({ phases, single, mixed })] }));
    }
    for (const { observedShare } of runs) t.equal(observedShare, 1, 'nothing went unseen');
    /** In use starts from zero in each phase, and is summed up; allocated goes on, and is read at the end. */
    const sum = (index: number, value: keyof Measured): number =>
      runs
        .flatMap(({ perPhase }) => (value.startsWith('inuse') ? perPhase : perPhase.slice(-1)))
        .reduce((sum, measured) => sum + measured[index]![value], 0);

    for (const [index, { size, count }] of single.entries()) {
      const p = sampleChance(size, RATE);
      const allocated = binomial(count * phases, p);
      const kept = binomial(count / 2, p);
      // Go truncates, which makes numbers of objects low by half an object per record: of some 4 in use with 4 MB, 12 %.
      const draw = (outcomes: Outcome[], what: 'objects' | 'bytes', times: number): Draws[] => [
        { times, outcomes: map(outcomes, (n) => goEstimate(n, size, RATE)[what]) },
      ];
      const made = runs.length * phases * count;
      checkSum(t, sum(index, 'allocBytes'), draw(allocated, 'bytes', runs.length), made * size, `alloc bytes of ${size} B`);
      checkSum(t, sum(index, 'allocObjects'), draw(allocated, 'objects', runs.length), made, `alloc objects of ${size} B`);
      checkSum(t, sum(index, 'inuseBytes'), draw(kept, 'bytes', runs.length * phases), (made * size) / 2, `in-use bytes of ${size} B`);
      checkSum(t, sum(index, 'inuseObjects'), draw(kept, 'objects', runs.length * phases), made / 2, `in-use objects of ${size} B`);
    }
    for (const [index, { name, sizes, rounds }] of mixed.entries()) {
      for (const [value, share] of [['allocBytes', 1], ['inuseBytes', 0.5]] as const) {
        // The odd number of sizes and the even number of rounds let every size be kept in every other round.
        const times = runs.length * phases * rounds * share;
        const draws = sizes.map((size) => ({ times, outcomes: bernoulli(sampleChance(size, RATE), size / sampleChance(size, RATE)) }));
        const truth = sizes.reduce((sum, size) => sum + times * size, 0);
        const { low, high } = boundSum(draws, FALSE_ALARM);
        // A record unsamples its sizes, an eighth apart at most, with their mean: off by less than 0.04 %, at 2.5 times
        // the rate and with both ends of the record equally often. And it is truncated by less than a byte.
        const slack = 0.0004 * truth + sizes.length * runs.length * phases;
        checkWithin(t, sum(single.length + index, value), { low: low - slack, high: high + slack }, truth, `${value} of ${name}`);
      }
    }
  });
}

t.test('standard errors cover the truth as often as they claim', async (t) => {
  const rate = 16384;
  const phases = 40;
  // From a 256th of the rate to twice the rate, and 12 to 100 samples expected in use.
  const functions = [64, 1024, 4096, 8192, 16384, 32768].flatMap((size) =>
    [12, 25, 50, 100].map((samples) => {
      const keep = Math.round(samples / sampleChance(size, rate));
      return { size, keep, drop: keep };
    }),
  );
  const { measured, observedShare } = await runJson<{ measured: Measured[][]; observedShare: number }>(fixture('stat-errors.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ phases, rate, functions })],
  });
  t.equal(observedShare, 1, 'nothing went unseen');

  for (const value of ['allocBytes', 'inuseBytes'] as const) {
    for (const [errors, nominal] of [[1, 0.6827], [2, 0.9545], [3, 0.9973]] as const) {
      const draws: Draws[] = [];
      let covered = 0;
      for (const [phase, estimates] of measured.entries()) {
        for (const [index, { size, keep, drop }] of functions.entries()) {
          const objects = value === 'allocBytes' ? keep + drop : keep;
          const estimate = estimates[index]!;
          if (Math.abs(estimate[value] - objects * size) <= errors * estimate[`${value}Error`]) covered++;
          draws.push({ times: 1, outcomes: bernoulli(coverage(objects, size, rate + phase, errors)) });
        }
      }
      const pairs = draws.length;
      const expected = draws.reduce((sum, { outcomes }) => sum + expectation(outcomes), 0);
      // 960 pairs of a function and a phase: 95 % of them have a standard deviation of 0.7 %.
      checkWithin(t, covered, boundSum(draws, FALSE_ALARM), expected, `pairs whose ${value} are within ${errors} standard errors`);
      // How often the truth is covered is known exactly, by summing up over all numbers of samples. It comes to the
      // normal distribution's share, which is what a reader takes it for, from a dozen samples on.
      t.ok(Math.abs(expected / pairs - nominal) < 0.02, `${(100 * expected / pairs).toFixed(1)} % are to be within ${errors}, nominally ${100 * nominal} %`);
    }
  }
});

/** The chance with which an estimate is within so many of its standard errors, sqrt(n (1 - p)) / p, of the truth. */
function coverage(objects: number, size: number, rate: number, errors: number): number {
  const p = sampleChance(size, rate);
  return binomial(objects, p).reduce(
    (sum, { value: n, chance }) => (Math.abs(n / p - objects) <= (errors * Math.sqrt(n * (1 - p))) / p ? sum + chance : sum),
    0,
  );
}

t.test('four equal queues differ at first, within their errors, and converge', async (t) => {
  const size = 16384;
  const length = 64;
  const phases = 12;
  // When some 4, 32 and 256 messages of each queue have been sampled.
  const looks = [128, 1024, 8192];
  const { measured, observedShare } = await runJson<{ measured: Measured[][][]; observedShare: number }>(fixture('stat-queues.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ phases, rate: RATE, size, length, looks })],
  });
  t.equal(observedShare, 1, 'nothing went unseen');
  // The rates of the phases differ by 12 bytes, and so do the chances by 0.002 %: one stands for all.
  const p = sampleChance(size, RATE);
  const laws = looks.map((count) => binomial(count, p));

  // All four are the same in few phases only: with X samples, the sum of P(X = n)^4 is 3 %.
  const same = laws[0]!.reduce((sum, { chance }) => sum + chance ** 4, 0);
  const differ = measured.filter(([first]) => new Set(first!.map(({ allocBytes }) => allocBytes)).size > 1).length;
  checkSum(t, differ, [{ times: phases, outcomes: bernoulli(1 - same) }], phases, 'phases in which the queues differ right after start');

  // Bars of two standard errors either way, of two pairs of queues in each phase, which are independent.
  const error = (n: number): number => Math.sqrt(n * (1 - p));
  let overlap = 0;
  for (const { value: a, chance } of laws[0]!) {
    for (const b of laws[0]!) if (Math.abs(a - b.value) <= 2 * (error(a) + error(b.value))) overlap += chance * b.chance;
  }
  const overlapping = measured.flatMap(([first]) =>
    [[first![0]!, first![1]!], [first![2]!, first![3]!]].filter(
      ([a, b]) => Math.abs(a!.allocBytes - b!.allocBytes) <= 2 * (a!.allocBytesError + b!.allocBytesError),
    ),
  ).length;
  checkSum(t, overlapping, [{ times: 2 * phases, outcomes: bernoulli(overlap) }], 2 * phases * overlap, 'pairs whose error bars overlap');

  // The mean square of the relative error is (1 - p) / (p N) after N messages: the spread falls with the root of N.
  const spreads = looks.map((count, look) => {
    const errors = measured.flatMap((phase) => phase[look]!.map(({ allocBytes }) => (allocBytes / (count * size) - 1) ** 2));
    const outcomes = map(laws[look]!, (n) => (n / p / count - 1) ** 2);
    const total = errors.reduce((sum, square) => sum + square, 0);
    const bounds = boundSum([{ times: errors.length, outcomes }], FALSE_ALARM);
    checkWithin(t, total, bounds, (errors.length * (1 - p)) / (p * count), `squares of relative errors after ${count} messages`);
    return { total, bounds };
  });
  const [first, , last] = spreads;
  t.ok(last!.bounds.high < first!.bounds.low, 'the intervals of the first look and the last do not meet');
  t.ok(last!.total < first!.total, `the spread falls from ${rms(first!.total)} to ${rms(last!.total)} %`);

  // A full queue holds the same all the time, whatever has gone through it. Each look finds other messages.
  for (const [look, count] of looks.entries()) {
    const inUse = measured.reduce((sum, phase) => sum + phase[look]!.reduce((sum, { inuseBytes }) => sum + inuseBytes, 0), 0);
    const outcomes = map(binomial(length, p), (n) => goEstimate(n, size, RATE).bytes);
    const times = 4 * phases;
    const slack = times * length * size * 1e-4; // for the rates
    const { low, high } = boundSum([{ times, outcomes }], FALSE_ALARM);
    checkWithin(t, inUse, { low: low - slack, high: high + slack }, times * length * size, `in use after ${count} messages`);
  }

  function rms(total: number): string {
    return (100 * Math.sqrt(total / (4 * phases))).toFixed(1);
  }
});

t.test('without a forced collection, garbage is not in use and a leak is', async (t) => {
  const phases = 8;
  const kept = 2 ** 15;
  const size = 1024;
  const { measured, collections, observedShare } = await runJson<{
    measured: { leaky: Measured; drop: Measured }[];
    collections: number;
    observedShare: number;
  }>(fixture('stat-garbage.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ phases, kept, size, dropped: 2 ** 20 })],
  });
  t.equal(observedShare, 1, 'nothing went unseen');
  t.ok(collections > 2 * phases, `${collections} collections by themselves`);

  // The one object that is alive at a collection is in use then, and has a chance of 0.006 % of being sampled: more
  // than two in 8 phases have one of 56 * 0.00006^3, 1e-11.
  const garbage = measured.reduce((sum, { drop }) => sum + drop.live, 0);
  t.ok(garbage <= 2, `${garbage} sampled objects of a function that keeps nothing are in use`);
  const dropped = measured.at(-1)!.drop.sampled;
  t.ok(dropped > 100, `${dropped} of them have been sampled`);

  // 512 samples: a bias of a quarter would show; in use with a tenth of the garbage would double it.
  const leaked = measured.reduce((sum, { leaky }) => sum + leaky.inuseBytes, 0);
  const outcomes = map(binomial(kept, sampleChance(size, RATE)), (n) => goEstimate(n, size, RATE).bytes);
  checkSum(t, leaked, [{ times: phases, outcomes }], phases * kept * size, 'leaked bytes');
});

interface LiveReport {
  functions: { name: string; size: number; inUse: number; measured: Measured }[];
  liveSamples: number;
  wrong: string[];
  stats: Record<'samples' | 'unseenSamples' | 'attributedSamples' | 'observedShare' | 'liveSamples' | 'overflowedSamples', number> &
    Record<'collections' | 'harvests' | 'skippedHarvests' | 'harvestNanos' | 'harvestCopyNanos', number>;
}

t.test('over budget, what is in use is exact and what is allocated never falls', async (t) => {
  for (const [rate, budget, rounds] of [
    [1, 0.0001, 12_000],
    [8192, 0.001, 40_000],
    [32768, 0.0001, 60_000],
  ] as const) {
    await t.test(`rate ${rate}, budget ${budget}`, async (t) => {
      const { functions, liveSamples, wrong, stats } = await runJson<LiveReport>(fixture('stat-live.cjs'), {
        flags: [...UNOPTIMISED, '--max-semi-space-size=1'],
        args: [JSON.stringify({ rate, budget, rounds, reads: rate === 1 ? 4 : 20 })],
      });
      t.strictSame(wrong, [], 'every read agrees with the one before, and within itself');
      t.ok(stats.skippedHarvests > 100, `${stats.skippedHarvests} of ${stats.collections} collections were not harvested`);
      t.equal(stats.harvests + stats.skippedHarvests, stats.collections, 'all others were');
      t.ok(stats.harvestCopyNanos > 0 && stats.harvestCopyNanos < stats.harvestNanos, `${stats.harvestCopyNanos} of ${stats.harvestNanos} ns are V8's`);
      t.ok(stats.observedShare < 0.9, `${(stats.observedShare * 100).toFixed(0)} % of the samples were observed`);
      t.equal(stats.observedShare, 1 - stats.unseenSamples / stats.samples, 'the observed share');

      for (const { name, size, inUse, measured } of functions) {
        if (rate === 1 || inUse === 0) {
          t.equal(measured.inuseObjects, inUse, `${name}: objects in use`);
          t.equal(measured.inuseBytes, inUse * size, `${name}: bytes in use`);
        } else {
          const outcomes = map(binomial(inUse, sampleChance(size, rate)), (n) => goEstimate(n, size, rate).bytes);
          checkSum(t, measured.inuseBytes, [{ times: 1, outcomes }], inUse * size, `${name}: bytes in use`);
        }
      }
      // What was made since the collection, such as by reading, is alive but not published yet.
      const pending = stats.liveSamples - stats.overflowedSamples - liveSamples;
      t.ok(pending >= -stats.overflowedSamples && pending <= 100, `${liveSamples} live samples in the profile, ${pending} pending`);
    });
  }
});

t.test('what has outlived a collection is in use, even where that was not harvested and nothing has died', async (t) => {
  const objects = 2000;
  const { inUse } = await runJson<{ inUse: number }>(fixture('left-out.cjs'), {
    flags: [...UNOPTIMISED, '--expose-gc'],
    args: [JSON.stringify({ objects, length: 8192, memProfileRate: 4096, allocsBudget: 0.0001 })],
  });
  // An object of 16 times the rate is not sampled with a chance of 1e-7. Of the samples, those are held back that could
  // have been taken since the collection: by the 256 KiB that V8 may have set aside before it, and what little has been
  // allocated since.
  t.ok(inUse > objects - 150 && inUse <= objects, `${inUse} of ${objects}`);
});

interface WindowsReport {
  phases: {
    functions: ({ name: string; made: number; inUse: number } & Measured)[];
    samples: number;
    unseenSamples: number;
    attributedSamples: number;
    collections: number;
    harvests: number;
    harvestNanos: number;
    cpuNanos: number;
  }[];
}

// What tells this is native, and the same for each version of Node.js.
if (isTurnOf(24)) {
  t.test('over budget, what is allocated is unbiased whatever the windows between collections hold', async (t) => {
    const size = 616;
    const rate = 4096;
    const budget = 0.03;
    // Some 900 windows are harvested before the advance of 20 ms is spent; of the 1000 that follow, one in 10 to 30 is.
    const runs: WindowsReport['phases'] = [];
    for (let process = 0; process < 8; process++) {
      const { phases } = await runJson<WindowsReport>(fixture('stat-windows.cjs'), {
        flags: [...UNOPTIMISED, '--expose-gc'],
        args: [JSON.stringify({ phases: 6, windows: 1000, rate, budget })],
      });
      runs.push(...phases);
    }
    const total = (value: 'samples' | 'unseenSamples' | 'attributedSamples' | 'harvestNanos' | 'cpuNanos' | 'harvests' | 'collections'): number =>
      runs.reduce((sum, run) => sum + run[value], 0);
    const perRun = (nanos: number): string => (nanos / runs.length / 1e6).toFixed(1);
    t.comment(`${total('harvests')} of ${total('collections')} collections harvested; ${perRun(total('harvestNanos'))} of ${perRun(total('cpuNanos'))} ms per run`);
    t.ok(total('unseenSamples') > 0.2 * total('samples'), `${((100 * total('unseenSamples')) / total('samples')).toFixed(0)} % of the samples died unseen`);

    // The law of one run is not known. The mean of 48 runs is close to normally distributed, and Student's t with 47
    // degrees of freedom leaves +-7.5 with a chance of 1.4e-9: 2e-8 for the eleven means. Only the bursts observed are so
    // few, one per run at the least, that their number is to be taken as Poisson's, with an expectation of 48. There
    // would have to be 17 or fewer for a t below -7.5, as the variance between runs goes with their number, which has a
    // chance of 2e-7. A bias of 1.1 standard deviations of one run would show.
    const checkMean = (deviations: readonly number[], name: string): void => {
      const { mean, deviation } = moments(deviations);
      const limit = (7.5 * deviation) / Math.sqrt(deviations.length);
      t.ok(Math.abs(mean) <= limit, `${name}: ${(100 * mean).toFixed(1)} % off, allowed ${(100 * limit).toFixed(1)} %; a run has ${(100 * deviation).toFixed(1)} %`);
    };
    checkMean(runs.map(({ unseenSamples, attributedSamples }) => attributedSamples / unseenSamples - 1), 'samples attributed, of those unseen');
    for (const [index, { name }] of runs[0]!.functions.entries()) {
      const functions = runs.map(({ functions }) => functions[index]!);
      checkMean(functions.map(({ allocBytes, made }) => allocBytes / (made * size) - 1), `alloc bytes of ${name}`);

      // Standard errors are estimates themselves here, and rough ones. Over many runs, though, the mean square of the
      // errors is what they claim it to be. If they claim it rightly, and errors are normally distributed, four times as
      // much has a chance of 1e-18; errors of so few windows are far from that, hence the room. Errors that take what is
      // observed for independent objects, not for windows, claim a fifth of the bursts' error.
      const square = functions.reduce((sum, { allocBytes, made }) => sum + (allocBytes - made * size) ** 2, 0);
      const claimed = functions.reduce((sum, { allocBytesError }) => sum + allocBytesError ** 2, 0);
      const ratio = Math.sqrt(square / claimed);
      const covered = functions.filter(({ allocBytes, allocBytesError, made }) => Math.abs(allocBytes - made * size) <= 2 * allocBytesError).length;
      t.ok(ratio < 2 && ratio > 1 / 3, `${name}: errors are ${ratio.toFixed(2)} times the standard errors, which cover ${covered} of ${runs.length} twice over`);

      const inUse = functions.map(({ inUse }) => inUse);
      if (inUse.some((objects) => objects > 0)) {
        const draws = inUse.map((objects) => ({
          times: 1,
          outcomes: map(binomial(objects, sampleChance(size, rate)), (n) => goEstimate(n, size, rate).bytes),
        }));
        const truth = inUse.reduce((sum, objects) => sum + objects * size, 0);
        checkSum(t, functions.reduce((sum, { inuseBytes }) => sum + inuseBytes, 0), draws, truth, `in-use bytes of ${name}`);
      } else {
        t.ok(functions.every(({ inuseBytes }) => inuseBytes === 0), `nothing of ${name} is in use`);
      }
    }
  });
}

function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
