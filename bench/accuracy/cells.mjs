import { deviation, mean } from '../statistics.mjs';

/** Of estimates of the truth: bias, its standard error, and the standard deviation of one run, in percent. */
export function bias(values, truth) {
  const shares = values.map((value) => value / truth);
  const off = (mean(shares) - 1) * 100;
  return `${off < 0 ? '-' : '+'}${Math.abs(off).toFixed(2)} ${spread(deviation(shares), values.length)}`;
}

/** The same without the bias. */
export function spread(share, runs) {
  return `± ${((share * 100) / Math.sqrt(runs)).toFixed(2)} (${(share * 100).toFixed(1)})`;
}

export const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

/** Run by run. */
export function sumOf(series) {
  return series[0].map((_, run) => series.reduce((sum, values) => sum + values[run], 0));
}
