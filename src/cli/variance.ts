import type { Profile, Sample } from '../pprof';
import type { Column } from './sample-index';

/** The variance of a sample's value by the law of its sampler; undefined where the sample does not tell enough. */
export type Variance = (sample: Sample) => number | undefined;

/**
 * - Heap profiles: an object of s bytes is sampled with chance p = 1 - exp(-s / period), by itself. n sampled objects stand for
 *   N = n / p, whose variance is n (1 - p) / p^2 = N (1 - p) / p; that of their bytes is s^2 times as much. The size is the label
 *   `bytes`, as in Go's profiles.
 * - CPU profiles: samples are taken to be independent, so that the variance of their number is that number.
 * - The others record by the length of a wait, which is not in the profile: undefined.
 */
export function varianceOf(profile: Profile, column: Column): Variance | undefined {
  const text = (row: number | bigint | undefined): string => profile.stringTable[Number(row ?? 0)] ?? '';
  const [periodType, period] = [text(profile.periodType?.type), Number(profile.period)];
  if (periodType === 'space' && /_(objects|space)$/.test(column.type)) {
    const objects = profile.sampleType.findIndex(({ type }) => text(type) === column.type.replace(/_space$/, '_objects'));
    const bytesRow = profile.stringTable.indexOf('bytes');
    return ({ value, label }) => {
      const size = Number(label.find(({ key, str }) => Number(key) === bytesRow && Number(str) === 0)?.num ?? 0);
      if (size === 0 || objects === -1) return Number(value[column.index]) === 0 ? 0 : undefined;
      const chance = -Math.expm1(-size / period);
      const ofObjects = (Math.abs(Number(value[objects])) * (1 - chance)) / chance;
      return column.unit === 'bytes' ? ofObjects * size ** 2 : ofObjects;
    };
  }
  if (periodType === 'cpu') {
    const samples = profile.sampleType.findIndex(({ unit }) => text(unit) === 'count');
    const each = column.unit === 'count' ? 1 : period;
    return ({ value }) => (samples === -1 ? undefined : Math.abs(Number(value[samples])) * each ** 2);
  }
  return undefined;
}
