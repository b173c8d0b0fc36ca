import { UsageError } from './outcome';
import { ASKING, ASKING_HELP, parse, reader, TABLE, TABLE_HELP, tableOptions } from './options';
import { jsonOf, linesAbout, where } from './show';
import { largestFirst, tally, type Estimate } from './tally';
import { textTable } from './text-table';
import { scaleFor } from './units';

/** A difference of so many standard errors is no chance: once in 370 functions that have not changed at all. */
const ERRORS = 3;

export const summary = 'what has changed from one profile to another';

export const help = `mprof diff BEFORE AFTER [options]

Shows by how much functions differ between two profiles, each a FILE or a URL, the largest differences first. Those that are more than
${ERRORS} standard errors are marked with *: that they come about by sampling alone has a chance of 0.3 % for each function. Within
one process they are more certain than that, as what is in both profiles was sampled once.

  mprof diff before.pb.gz after.pb.gz
  mprof diff before.pb.gz http://127.0.0.1:6060/debug/pprof/heap

${TABLE_HELP}
${ASKING_HELP}`;

export async function run(args: readonly string[]): Promise<string> {
  const { values, positionals: sources } = parse(args, { ...TABLE, ...ASKING });
  const [before, after, ...others] = sources;
  if (before === undefined || after === undefined || others.length > 0) throw new UsageError(`mprof diff takes two profiles, got ${sources.length}`);
  const [read, showing] = [reader(values), tableOptions(values)];
  const [base, profile] = [await read(before), await read(after)];
  const tallied = tally(profile, base, showing);
  const functions = largestFirst(tallied.functions, 'flat');
  if (showing.isJson) return jsonOf(profile, { ...tallied, functions });
  const shown = functions.slice(0, showing.nodeCount);
  const scale = scaleFor(tallied.column.unit, Math.max(0, ...shown.map(({ flat }) => Math.abs(flat.value))));
  const cells = (estimate: Estimate): string[] => [
    signed(scale(estimate.value)),
    estimate.error === undefined ? '' : `±${scale(estimate.error)}`,
    isBeyondNoise(estimate) ? '*' : '',
  ];
  const rows = shown.map((row) => [...cells(row.flat), ...cells(row.cum), where(row)]);
  return [linesAbout(profile, tallied, shown.length, functions.length), textTable([['flat', '±', '', 'cum', '±', '', ''], ...rows])].join('\n');
}

function isBeyondNoise({ value, error }: Estimate): boolean {
  return error !== undefined && Math.abs(value) > ERRORS * error;
}

const signed = (text: string): string => (text.startsWith('-') || /^0(\.0+)?\D*$/.test(text) ? text : `+${text}`);
