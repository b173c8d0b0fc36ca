import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture, runNode, type ChildOptions, type Exit } from './child';

/* The same program with the profiler and without. */

/** What test/fixtures/everything.cjs says about the profiles of a program at its end. */
export interface Report {
  /** Codes of what could not be switched on, or stacks of what has failed. */
  errors: string[];
  heap: string;
  waitFailures: number;
  /** Objects of the program's site: [allocated, in use]. */
  site: [number, number];
  waits: number;
  handOffs: number;
  /** As read over HTTP; `samples` of each profile. */
  read?: { samples: Record<string, number>; site: [number, number] };
}

export interface Profiled {
  exit: Exit;
  /** Undefined where no code has run at the end, or has not been asked to report. */
  report: Report | undefined;
}

/** How a program is run with the profiler, where it would be run like that without. */
export type Change = (options: ChildOptions) => ChildOptions;

/** Has a file loaded before the program, and before what its flags load. */
export const preloading =
  (file: string): Change =>
  ({ flags = [], ...options }) => ({ ...options, flags: ['--require', file, ...flags] });

/** Switches everything on. */
export const EVERYTHING = fixture('everything.cjs');
/** The profiler is there, and never started. */
export const loaded = preloading(fixture('loaded.cjs'));
export const everything = preloading(EVERYTHING);

/** Runs a program as it is, and then with the profiler in each of these ways. What is to be the same can be compared. */
export async function runWithout(program: string, options: ChildOptions, changes: readonly Change[]): Promise<{ without: Exit; profiled: Profiled[] }> {
  const without = comparable(await runNode(program, options));
  const profiled = [];
  for (const change of changes) profiled.push(await runReporting(program, change(options)));
  return { without, profiled };
}

async function runReporting(program: string, { env, ...options }: ChildOptions): Promise<Profiled> {
  const directory = await mkdtemp(join(tmpdir(), 'mprof-report-'));
  try {
    const file = join(directory, 'report');
    const exit = await runNode(program, { ...options, env: { ...env, MPROF_TEST_REPORT: file } });
    const report = await readFile(file, 'utf8').catch(() => undefined);
    return { exit: comparable(exit), report: report === undefined ? undefined : JSON.parse(report) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Node.js's own, through which it makes calls while callbacks are profiled. */
const HOOK_FRAMES = /^ +at (?:process\.callbackTrampoline|AsyncResource\.run\w+|node:internal\/process\/task_queues)\b.*\n/gm;

/** Leaves out what is different each time: ids of processes, ports, addresses, and what V8 and Node.js tell of a crash. */
function comparable(exit: Exit): Exit {
  const stderr = exit.stderr
    .replace(/\(node:\d+\)/g, '(node)')
    .replace(HOOK_FRAMES, '')
    .replace(/ws:\/\/\S+/g, 'ws:')
    .replace(/^ *\d+: 0x.*\n/gm, '')
    .replace(/<--- Last few GCs --->[^]*?(?=FATAL ERROR)/, '')
    .replace(/^FATAL ERROR: .* Allocation failed/m, 'FATAL ERROR: Allocation failed');
  return { ...exit, stderr };
}
