/** The chance with which V8 samples an object: samples are a Poisson process over the bytes allocated. */
export const sampleChance = (size, rate) => -Math.expm1(-size / rate);

/**
 * `count` objects of each of these sizes, and the standard deviations of the unbiased estimates of them: each object is
 * sampled by itself, with chance p, and stands for 1 / p objects, which has the variance (1 - p) / p.
 */
export function expected(sizes, count, rate) {
  let [bytes, objectsVariance, bytesVariance] = [0, 0, 0];
  for (const size of sizes) {
    const chance = sampleChance(size, rate);
    const variance = (count * (1 - chance)) / chance;
    bytes += count * size;
    objectsVariance += variance;
    bytesVariance += variance * size ** 2;
  }
  const deviations = { objectsDeviation: Math.sqrt(objectsVariance), bytesDeviation: Math.sqrt(bytesVariance) };
  return { objects: count * sizes.length, bytes, ...deviations };
}

/**
 * The chance that an estimate of `count` objects of one size is within so many of its own standard errors of the truth: of
 * n sampled objects the estimate is n / p, and its standard error sqrt(n (1 - p)) / p. The sum is over all n, whose chances
 * are those of the binomial distribution.
 */
export function coverage(count, size, rate, errors) {
  const p = sampleChance(size, rate);
  let covered = 0;
  for (let n = 0, chance = (1 - p) ** count; n <= count; n++) {
    if (Math.abs(n - count * p) <= errors * Math.sqrt(n * (1 - p))) covered += chance;
    chance *= ((count - n) / (n + 1)) * (p / (1 - p));
  }
  return covered;
}
