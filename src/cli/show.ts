import type { Profile } from '../pprof';
import type { Estimate, FunctionTally, Tally } from './tally';
import { scaleFor } from './units';

/** What the profile says of itself, before its functions. */
export function linesAbout(profile: Profile, { column, total }: Tally, shown: number, all: number): string {
  const scale = scaleFor(column.unit, total.value);
  const error = total.error === undefined ? '' : ` ± ${scale(total.error)}`;
  return [
    `Type: ${column.type}`,
    ...(Number(profile.timeNanos) === 0 ? [] : [`Time: ${timeOf(profile)}`]),
    ...(Number(profile.durationNanos) === 0 ? [] : [`Duration: ${(Number(profile.durationNanos) / 1e9).toFixed(2)}s`]),
    ...commentsOf(profile).map((comment) => `Comment: ${comment}`),
    `Showing ${shown} of ${all} functions; ${scale(total.value)}${error} in all`,
  ].join('\n');
}

/** The same for programs. Values are in the unit of the profile. */
export function jsonOf(profile: Profile, { column, total, functions }: Tally): string {
  const header = {
    type: column.type,
    unit: column.unit,
    time: Number(profile.timeNanos) === 0 ? null : timeOf(profile),
    durationSeconds: Number(profile.durationNanos) / 1e9,
    comments: commentsOf(profile),
    total: plain(total),
  };
  return JSON.stringify({ ...header, functions: functions.map((each) => ({ ...each, flat: plain(each.flat), cum: plain(each.cum) })) }, null, 2);
}

/** A function, and where it begins. */
export function where({ name, file, line }: FunctionTally): string {
  if (file === '') return name;
  return `${name}  ${file}${line === 0 ? '' : `:${line}`}`;
}

/** An error that is not known is null. */
function plain({ value, error }: Estimate): { value: number; error: number | null } {
  return { value, error: error ?? null };
}

const timeOf = ({ timeNanos }: Profile): string => new Date(Number(timeNanos) / 1e6).toISOString();
const commentsOf = ({ comment, stringTable }: Profile): string[] => comment.map((row) => stringTable[Number(row)] ?? '');
