import type { Profile } from '../pprof';
import type { TableOptions } from './options';
import { jsonOf, linesAbout, where } from './show';
import { largestFirst, tally, type Estimate, type FunctionTally } from './tally';
import { textTable } from './text-table';
import { percent, scaleFor, type Scale } from './units';

/** The functions that a profile, less another one, has most of, as a table or as JSON. */
export function topTable(profile: Profile, base: Profile | undefined, options: TableOptions, by: 'flat' | 'cum'): string {
  const tallied = tally(profile, base, options);
  const functions = largestFirst(tallied.functions, by);
  if (options.isJson) return jsonOf(profile, { ...tallied, functions });
  const shown = functions.slice(0, options.nodeCount);
  const scale = scaleFor(tallied.column.unit, Math.max(0, ...shown.map((row) => Math.abs(row[by].value))));
  return [linesAbout(profile, tallied, shown.length, functions.length), tableOf(shown, tallied.total, scale)].join('\n');
}

function tableOf(functions: readonly FunctionTally[], total: Estimate, scale: Scale): string {
  const error = (estimate: Estimate): string => (estimate.error === undefined ? '' : `±${scale(estimate.error)}`);
  const rows: string[][] = [];
  let sum = 0;
  for (const row of functions) {
    const { flat, cum } = row;
    sum += flat.value;
    const shares = [percent(flat.value, total.value), percent(sum, total.value)];
    rows.push([scale(flat.value), error(flat), ...shares, scale(cum.value), error(cum), percent(cum.value, total.value), where(row)]);
  }
  return textTable([['flat', '±', 'flat%', 'sum%', 'cum', '±', 'cum%', ''], ...rows]);
}
