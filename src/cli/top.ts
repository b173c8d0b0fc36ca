import { UsageError } from './outcome';
import { ASKING, ASKING_HELP, parse, reader, TABLE, TABLE_HELP, tableOptions } from './options';
import { topTable } from './top-table';

export const summary = 'the functions that a profile has most of';

export const help = `mprof top FILE|URL [options]

Shows the functions that a profile has most of: flat is what was sampled in the function itself, cum that and what it has
called. ± is one standard error, where the profile tells enough: the truth is within two of them 95 times of 100.

  mprof top heap.pb.gz
  mprof top http://127.0.0.1:6060/debug/pprof/heap --sample_index alloc_space
  mprof top http://127.0.0.1:6060/debug/pprof/allocs --seconds 30
  mprof top after.pb.gz --base before.pb.gz

${TABLE_HELP}
${ASKING_HELP}
  --base FILE|URL       subtract this profile
  --cum                 sort by cum`;

export async function run(args: readonly string[]): Promise<string> {
  const { values, positionals } = parse(args, { ...TABLE, ...ASKING, base: { type: 'string' }, cum: { type: 'boolean', default: false } });
  const [source, ...others] = positionals;
  if (source === undefined || others.length > 0) throw new UsageError(`mprof top takes one profile, got ${positionals.length}`);
  const [read, options] = [reader(values), tableOptions(values)];
  const base = values.base === undefined ? undefined : await read(values.base as string);
  return topTable(await read(source), base, options, values.cum ? 'cum' : 'flat');
}
