/**
 * From sampled to actual. The sampler takes an object of `s` bytes with probability p = 1 - exp(-s / rate), so n sampled
 * objects stand for n / p allocated ones: the formulas of Go's heap profile, and of `go tool pprof` for text profiles.
 * All sizes and rates are in bytes. A rate of 1 or less means that nothing was left out.
 */

/**
 * Scales one bucket's `count` sampled objects of `size` bytes in all and writes the two estimates, whole numbers rounded
 * towards 0, to into[at] (objects) and into[at + 1] (bytes): the place of the pair in a row of `ProfileColumns.values`.
 */
export function scaleHeapSample(count: number, size: number, rate: number, into: Float64Array, at: number): void {
  const factor = scaleFactor(count, size, rate);
  into[at] = Math.trunc(count * factor);
  into[at + 1] = Math.trunc(size * factor);
}

/**
 * Variance of the estimated number of objects: n sampled objects of probability p give n (1 - p) / p^2. That of their
 * bytes is the same times the square of one object's size. Variances of buckets add up; the standard error of a sum is
 * the square root of theirs.
 */
export function objectsVariance(count: number, size: number, rate: number): number {
  if (count === 0 || size === 0 || rate <= 1) return 0;
  const exponent = -size / count / rate;
  return (count * Math.exp(exponent)) / Math.expm1(exponent) ** 2;
}

/** What one sampled object counts for. */
function scaleFactor(count: number, size: number, rate: number): number {
  if (count === 0 || size === 0) return 0;
  if (rate <= 1) return 1;
  // expm1 would be closer to the truth by some 1e-12. This is Go's own way to compute it, and gives Go's very numbers.
  return 1 / (1 - Math.exp(-(size / count) / rate));
}
