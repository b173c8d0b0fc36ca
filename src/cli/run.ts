import { spawn } from 'node:child_process';
import { access, constants as files, mkdir, readdir, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { decode } from '../pprof';
import { CommandError, UsageError, type Outcome } from './outcome';
import { parse, TABLE, TABLE_HELP, tableOptions, type TableOptions } from './options';
import { topTable } from './top-table';

export const summary = 'runs a program, and writes its profiles when it ends';

export const help = `mprof run [options] -- COMMAND [ARGUMENT]...

Runs a command, such as node app.js or npm test, with all Node.js processes it starts being profiled from their first
line on. When each of them ends, its profiles are written to files, and at last the functions are shown that the command
itself has allocated most in. The program's exit code is that of mprof run; what it prints is not touched: the table goes to stderr.

  mprof run -- node app.js
  mprof run --block 10000000 --mutex 10 --dir profiles -- npm start

Signals wait until the program comes back to its event loop; a second one, a second later, kills it. Of a program that is killed,
aborts or runs out of memory there is no profile.

  --dir FOLDER        where the files go, by default where you are; made if there is none
  --addr PORT|PATH    serve the profiles there as well while it runs; %p in a path stands for the number of the process
  --rate BYTES        one sample per so many bytes, by default 524288; 1 is all there is
  --block NS          record waits of about so many nanoseconds and more
  --mutex N           record one hand-off in so many
and of the table, which is of alloc_space by default:

${TABLE_HELP}`;

const OPTIONS = {
  ...TABLE,
  sample_index: { type: 'string', default: 'alloc_space' },
  dir: { type: 'string', default: '.' },
  addr: { type: 'string' },
  rate: { type: 'string' },
  block: { type: 'string' },
  mutex: { type: 'string' },
} as const;

const VARIABLES = { addr: 'MPROF_ADDR', rate: 'MPROF_MEM_PROFILE_RATE', block: 'MPROF_BLOCK_PROFILE_RATE', mutex: 'MPROF_MUTEX_PROFILE_FRACTION' };

export async function run(args: readonly string[]): Promise<Outcome> {
  const end = args.indexOf('--');
  const command = end === -1 ? [] : args.slice(end + 1);
  const { values, positionals } = parse(end === -1 ? args : args.slice(0, end), OPTIONS);
  if (command.length === 0 || positionals.length > 0) throw new UsageError('mprof run takes a command behind --, such as: mprof run -- node app.js');
  const { dir } = values as { dir: string };
  const table = tableOptions(values);
  const folder = resolve(dir);
  await makeFolder(folder);
  const before = new Set(await profilesIn(folder));
  const { pid, code, signal } = await runProgram(command, environment(folder, values));
  const written = (await profilesIn(folder)).filter((name) => !before.has(name));
  const exitCode = code ?? 128 + constants.signals[signal!];
  const ended = signal === null ? '' : `mprof: the program was ended by ${signal}\n`;
  if (written.length === 0) return { code: exitCode, error: `${ended}mprof: no profile was written` };
  // The program may have written others before.
  const heap = written.filter((name) => /^heap-\d/.test(name) && name.endsWith(`-${pid}-0.pb.gz`)).at(-1);
  const list = written.map((name) => `mprof: ${join(dir, name)}`).join('\n');
  if (heap === undefined) return { code: exitCode, error: `${ended}${list}` };
  return { code: exitCode, error: `${ended}${list}\n${await tableOf(join(folder, heap), table)}` };
}

/** The program has run: what goes wrong here is not its exit code. */
async function tableOf(file: string, table: TableOptions): Promise<string> {
  try {
    return topTable(decode(await readFile(file)), undefined, table, 'flat');
  } catch (error) {
    return `mprof: ${(error as Error).message}`;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, files.W_OK);
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}

/** None where the program has removed the folder. */
async function profilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.pb.gz')).sort();
}

function environment(folder: string, values: Record<string, unknown>): NodeJS.ProcessEnv {
  const register = resolve(__dirname, '../register.js');
  const { NODE_OPTIONS: others = '' } = process.env;
  const settings = Object.entries(VARIABLES).flatMap(([option, variable]) => (values[option] === undefined ? [] : [[variable, values[option] as string]]));
  return {
    ...process.env,
    ...Object.fromEntries(settings),
    MPROF_EXIT_DIR: folder,
    NODE_OPTIONS: `${others} --require ${JSON.stringify(register)}`.trim(),
  };
}

/**
 * Ctrl-C on a terminal reaches the program by itself, which then writes its profiles; other signals are passed on, once, as whoever
 * sends them may send them to all. One more after a second, and within ten, kills a program that does not answer.
 */
function runProgram(
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ pid: number; code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((done, fail) => {
    const child = spawn(program!, args, { stdio: 'inherit', env });
    let last: number | undefined;
    const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
      const listener = (): void => {
        const now = Date.now();
        if (last === undefined && (signal !== 'SIGINT' || ![0, 1, 2].some(isatty))) child.kill(signal);
        if (last !== undefined && now - last > 1000 && now - last < 10_000) child.kill('SIGKILL');
        last = now;
      };
      process.on(signal, listener);
      return () => process.removeListener(signal, listener);
    });
    const settled = (): void => {
      for (const remove of listeners) remove();
    };
    child.once('error', (error) => {
      settled();
      fail(new CommandError(error.message));
    });
    child.once('close', (code, signal) => {
      settled();
      done({ pid: child.pid!, code, signal });
    });
  });
}
