/*
 * What random numbers may look like: intervals that a correct program leaves with a chance as small as wanted. They hold
 * for any number of draws; nothing is taken to be normally distributed.
 */

/** A value that a random variable takes with some chance. */
export interface Outcome {
  value: number;
  chance: number;
}

/** Independent draws of one random variable, whose outcomes have chances that add up to 1. */
export interface Draws {
  times: number;
  outcomes: readonly Outcome[];
}

export interface Interval {
  low: number;
  high: number;
}

/** The probability with which the sampler takes an object. */
export function sampleChance(size: number, rate: number): number {
  return -Math.expm1(-size / rate);
}

/** Something that happens or does not. */
export function bernoulli(chance: number, value = 1): Outcome[] {
  return [
    { value: 0, chance: 1 - chance },
    { value, chance },
  ];
}

/** How many of `count` objects are sampled, leaving out what has chances below 1e-20 of the likeliest. */
export function binomial(count: number, chance: number): Outcome[] {
  const odds = chance / (1 - chance);
  const mode = Math.min(count, Math.floor((count + 1) * chance));
  if (mode === count && chance > 1 - 1e-15) return [{ value: count, chance: 1 }];
  const below: Outcome[] = [];
  for (let value = mode, weight = 1; value > 0; ) {
    weight *= value / ((count - value + 1) * odds);
    value--;
    if (weight < 1e-20) break;
    below.push({ value, chance: weight });
  }
  const outcomes = [...below.reverse(), { value: mode, chance: 1 }];
  for (let value = mode, weight = 1; value < count; ) {
    weight *= ((count - value) * odds) / (value + 1);
    value++;
    if (weight < 1e-20) break;
    outcomes.push({ value, chance: weight });
  }
  const total = outcomes.reduce((sum, { chance }) => sum + chance, 0);
  return outcomes.map(({ value, chance }) => ({ value, chance: chance / total }));
}

/** The same chances of other values. */
export function map(outcomes: readonly Outcome[], valueOf: (value: number) => number): Outcome[] {
  return outcomes.map(({ value, chance }) => ({ value: valueOf(value), chance }));
}

export function expectation(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { value, chance }) => sum + value * chance, 0);
}

/**
 * Where the sum of all draws lies, but for the given chance.
 *
 * Chernoff's bound. Let S be the sum less its expectation and K(x) = ln E(exp(x S)), which for independent draws is the
 * sum of theirs. For every x > 0, P(S >= s) <= exp(K(x) - x s), so that S exceeds (K(x) + ln(2 / chance)) / x with no
 * more than half the chance, and the smallest of these is the bound. The other side is the same for -S. Since any x
 * will do, it need not be found exactly.
 */
export function boundSum(draws: readonly Draws[], chance: number): Interval {
  const mean = draws.reduce((sum, { times, outcomes }) => sum + times * expectation(outcomes), 0);
  return {
    low: mean - boundExcess(draws, -1, chance / 2),
    high: mean + boundExcess(draws, 1, chance / 2),
  };
}

/** What the sum exceeds its expectation by, upwards (sign 1) or downwards (-1), but for the given chance. */
function boundExcess(draws: readonly Draws[], sign: number, chance: number): number {
  const centred = draws.map(({ times, outcomes }) => {
    const mean = expectation(outcomes);
    return { times, outcomes: map(outcomes, (value) => sign * (value - mean)) };
  });
  const largest = Math.max(...centred.map(({ outcomes }) => outcomes.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)));
  if (largest === 0) return 0;
  const at = (logX: number): number => {
    const x = Math.exp(logX) / largest;
    let exponent = -Math.log(chance);
    for (const { times, outcomes } of centred) exponent += times * logOfMeanExp(outcomes, x);
    return exponent / x;
  };
  // The function falls and then rises: golden sections.
  let from = Math.log(1e-8);
  let to = Math.log(1e4);
  const ratio = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 60; i++) {
    const width = ratio * (to - from);
    if (at(to - width) < at(from + width)) to = from + width;
    else from = to - width;
  }
  return at((from + to) / 2);
}

function logOfMeanExp(outcomes: readonly Outcome[], x: number): number {
  const most = outcomes.reduce((most, { value }) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (const { value, chance } of outcomes) sum += chance * Math.exp(x * (value - most));
  return x * most + Math.log(sum);
}
