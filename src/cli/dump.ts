import { UsageError } from './outcome';
import { ASKING, ASKING_HELP, parse } from './options';
import { dumpProcess } from './dump-process';
import { dumpUrl } from './dump-url';

export const summary = 'writes the profiles of a running program to files';

export const help = `mprof dump PID|URL [options]

Writes the profiles that a running program has now to files, and prints their names.

  mprof dump http://127.0.0.1:6060
  mprof dump http://127.0.0.1:6060 --profile heap --profile goroutine --dir profiles
  mprof dump 4711

With a URL, they are asked for. With the number of a process on this machine, it gets SIGUSR2, and writes them itself, if it runs with MPROF_DUMP_DIR set, or has called
writeProfilesOnSignal(): a process that does not listen to that signal is left alone. That is known on Linux only.

  --dir FOLDER          where the files go, or where the process is known to write them; by default where you are, or
                        MPROF_DUMP_DIR of the process
  --profile NAME        of a URL, this one; may be repeated; by default heap, block, mutex and goroutine
${ASKING_HELP}`;

export async function run(args: readonly string[]): Promise<string> {
  const { values, positionals } = parse(args, { ...ASKING, dir: { type: 'string' }, profile: { type: 'string', multiple: true } });
  const [what, ...others] = positionals;
  if (what === undefined || others.length > 0) throw new UsageError(`mprof dump takes a process or a URL, got ${positionals.length}`);
  const { dir, profile } = values as { dir?: string; profile?: string[] };
  if (/^https?:\/\//.test(what)) return (await dumpUrl(new URL(what), { dir, names: profile, asking: values })).join('\n');
  if (!/^[1-9]\d*$/.test(what)) throw new UsageError(`mprof dump takes the number of a process or a URL, got "${what}"`);
  for (const option of ['profile', 'seconds'] as const) if (values[option] !== undefined) throw new UsageError(`--${option} is for URLs, and ${what} is a process`);
  return (await dumpProcess(Number(what), dir)).join('\n');
}
