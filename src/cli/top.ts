import { UsageError } from './command-error';
import { parseShowing, SHOWING_HELP } from './options';
import { jsonOf, linesAbout, where } from './show';
import { largestFirst, tally, type Estimate, type FunctionTally } from './tally';
import { textTable } from './text-table';
import { percent, scaleFor } from './units';

export const summary = 'the functions that a profile has most of';

export const help = `mprof top FILE|URL [options]

Shows the functions that a profile has most of: flat is what was sampled in the function itself, cum that and what it has
called. ± is one standard error, where the profile tells enough: the truth is within two of them 95 times of 100.

  mprof top heap.pb.gz
  mprof top http://127.0.0.1:6060/debug/pprof/heap --sample_index alloc_space
  mprof top http://127.0.0.1:6060/debug/pprof/allocs --seconds 30
  mprof top after.pb.gz --base before.pb.gz

${SHOWING_HELP}
  --base FILE|URL       subtract this profile
  --cum                 sort by cum`;

export async function run(args: readonly string[]): Promise<string> {
  const { showing, values, sources } = parseShowing(args, { base: { type: 'string' }, cum: { type: 'boolean', default: false } });
  const [source, ...others] = sources;
  if (source === undefined || others.length > 0) throw new UsageError(`mprof top takes one profile, got ${sources.length}`);
  const base = values.base === undefined ? undefined : await showing.read(values.base as string);
  const profile = await showing.read(source);
  const tallied = tally(profile, base, showing);
  const by = values.cum ? 'cum' : 'flat';
  const functions = largestFirst(tallied.functions, by);
  if (showing.isJson) return jsonOf(profile, { ...tallied, functions });
  const shown = functions.slice(0, showing.nodeCount);
  return [linesAbout(profile, tallied, shown.length, functions.length), tableOf(shown, tallied.total)].join('\n');

  function tableOf(rows: readonly FunctionTally[], total: Estimate): string {
    const scale = scaleFor(tallied.column.unit, Math.max(0, ...rows.map((row) => Math.abs(row[by].value))));
    const error = (estimate: Estimate): string => (estimate.error === undefined ? '' : `±${scale(estimate.error)}`);
    let sum = 0;
    return textTable([
      ['flat', '±', 'flat%', 'sum%', 'cum', '±', 'cum%', ''],
      ...rows.map((row) => {
        const { flat, cum } = row;
        sum += flat.value;
        const shares = [percent(flat.value, total.value), percent(sum, total.value)];
        return [scale(flat.value), error(flat), ...shares, scale(cum.value), error(cum), percent(cum.value, total.value), where(row)];
      }),
    ]);
  }
}
