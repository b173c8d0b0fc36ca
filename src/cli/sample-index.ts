import type { Profile } from '../pprof';
import { UsageError } from './outcome';

/** One of a profile's columns. */
export interface Column {
  index: number;
  type: string;
  unit: string;
}

/** The column of that name or number; without one, the profile's own default, or as for `go tool pprof` the last. */
export function chooseColumn(profile: Profile, wanted: string | undefined): Column {
  const text = (row: number | bigint): string => profile.stringTable[Number(row)] ?? '';
  const columns = profile.sampleType.map(({ type, unit }, index) => ({ index, type: text(type), unit: text(unit) }));
  const own = text(profile.defaultSampleType);
  const name = wanted ?? (own === '' ? String(columns.length - 1) : own);
  const column = columns.find(({ type }) => type === name) ?? (/^\d+$/.test(name) ? columns[Number(name)] : undefined);
  if (column === undefined) throw new UsageError(`--sample_index must be one of ${columns.map(({ type }) => type).join(', ')}, got "${name}"`);
  return column;
}
