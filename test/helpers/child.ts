import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** How a child process ended, and what it has written. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  /** Options of Node.js and V8, before the program. */
  flags?: readonly string[];
  /** Arguments of the program. */
  args?: readonly string[];
  env?: Record<string, string>;
  /** The NODE_OPTIONS of the program. */
  nodeOptions?: string;
  cwd?: string;
  /** Called with each piece of output as it comes. */
  onOutput?: (text: string, child: { kill(signal: NodeJS.Signals): void }) => void;
}

/** Whether tests run at full length. */
export const FULL = process.env.MPROF_TEST_SCALE === 'full';

/** Of Node.js. */
export const MAJOR = Number(process.versions.node.split('.')[0]);

/**
 * Whether what is the same for all versions of Node.js, and takes long, is to be tested with this one: with these, and
 * with all at full length.
 */
export const isTurnOf = (...majors: readonly number[]): boolean => FULL || majors.includes(MAJOR);

/**
 * Programs whose counts must be exact run as they are written: V8 folds neighbouring allocations of code it has
 * optimised into one and charges inlined functions to their callers, and it allocates feedback when a function has run
 * for a while.
 */
export const UNOPTIMISED = ['--no-opt', '--no-sparkplug', '--no-maglev', '--no-lazy-feedback-allocation'];

/** With these, collections happen when the program asks for one, and only then. */
export const OWN_COLLECTIONS = ['--expose-gc', '--no-memory-reducer', '--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Path of a program in test/fixtures. */
export function fixture(name: string): string {
  return resolve('test/fixtures', name);
}

/** Runs a program with this Node.js, free of the loaders and the coverage that the test itself runs under. */
export function runNode(program: string, options: ChildOptions = {}): Promise<Exit> {
  return run(process.execPath, [...(options.flags ?? []), program, ...(options.args ?? [])], options);
}

/** The same of a program that needs no Node.js. */
export function run(program: string, args: readonly string[], { env = {}, nodeOptions, cwd, onOutput }: ChildOptions = {}): Promise<Exit> {
  return new Promise((resolve, reject) => {
    // tap adds its loaders to the NODE_OPTIONS of every child, whatever environment it is given. No core is dumped where a
    // program is to end so.
    const withOptions = nodeOptions === undefined ? [] : [`NODE_OPTIONS=${nodeOptions}`];
    const child = spawn('sh', ['-c', 'ulimit -c 0; exec env -u NODE_OPTIONS "$@"', 'sh', ...withOptions, program, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit: Exit = { code: null, signal: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      exit.stdout += text;
      onOutput?.(text, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (exit.stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ...exit, code, signal }));
  });
}

/** Runs a program that must succeed, and reads the JSON it prints. */
export async function runJson<T>(program: string, options: ChildOptions = {}): Promise<T> {
  const { code, signal, stdout, stderr } = await runNode(program, options);
  if (code !== 0 || signal !== null) {
    throw new Error(`${program} ${options.args?.join(' ') ?? ''} ended with code ${code}, signal ${signal}\n${stderr}`);
  }
  return JSON.parse(stdout);
}

/** Which of these flags of V8 and Node.js this Node.js knows. */
export async function knownFlags(flags: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(['--v8-options', '--help'].map(async (list) => (await runNode(list)).stdout));
  const pattern = (flag: string): RegExp => new RegExp(`${flag.replace(/=.*/, '').replace(/^--no-/, '--(?:no-)?')}[ =,[\\n]`);
  return flags.filter((flag) => pattern(flag).test(texts.join()));
}
