import { seededRandom } from './random.mjs';

const RESAMPLES = 2000;

export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

export const median = (values) => quantile(values, 0.5);

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation of what the values are drawn from. */
export function deviation(values) {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/**
 * Median of the ratios of pairs, with the 95 % bootstrap interval of the median.
 *
 * @param {number[][]} values by process: what was measured there, in turn
 * @param {number[][]} base the same for what it is compared with; equal places are pairs
 */
export function pairedRatio(values, base) {
  const ratios = values.map((group, i) => group.map((value, j) => value / base[i][j]));
  const random = seededRandom(1);
  const pick = (items) => items[Math.floor(random() * items.length)];
  // Processes first, then pairs within them: what one process had in common is one observation.
  const resample = () => ratios.flatMap(() => pickAll(pick(ratios), pick));
  const medians = Array.from({ length: RESAMPLES }, () => median(resample()));
  return { median: median(ratios.flat()), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

function pickAll(group, pick) {
  return group.map(() => pick(group));
}
