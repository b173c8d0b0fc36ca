/** Least-squares line through points: its slope, and the standard error of that. */
function fitLine(xs, ys) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  const slope = xs.reduce((sum, x, i) => sum + (x - meanX) * (ys[i] - meanY), 0) / spread;
  const residues = ys.reduce((sum, y, i) => sum + (y - meanY - slope * (xs[i] - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(residues / (xs.length - 2) / spread) };
}

/**
 * The power of x with which y grows: 0 where it does not depend on x, 1 where it is proportional. Undefined where some y is
 * not positive, as a difference may be that is lost in noise.
 */
export function slope(xs, ys) {
  if (!ys.every((y) => y > 0)) return undefined;
  return fitLine(xs.map(Math.log), ys.map(Math.log)).slope;
}

/** By which share of their mean the values grow per unit of time, over the second half of it: what a program grows by at first is no leak. */
export function steadyGrowth(times, values) {
  const from = Math.floor(times.length / 2);
  const late = values.slice(from);
  const average = late.reduce((sum, value) => sum + value, 0) / late.length;
  const { slope, error } = fitLine(times.slice(from), late);
  return { growth: slope / average, error: error / average };
}
