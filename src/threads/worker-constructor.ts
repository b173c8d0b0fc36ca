import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import workers from 'node:worker_threads';
import { threadState } from './thread-state';

/*
 * Node.js has no hook for the start of a worker. So where that is asked for, the constructor is replaced by a proxy that has
 * each new one load this package first.
 */

type Construct = (target: new (...args: unknown[]) => object, args: unknown[], newTarget: new () => object) => object;

const REGISTER = ['--require', join(__dirname, '..', 'register.js')];
/** Under this a worker finds the flags it would have had without ours. */
const FLAGS = 'mprof flags';

interface Replaced {
  original?: typeof workers.Worker;
  proxy?: typeof workers.Worker;
}

const state = threadState('worker constructor', (): Replaced => ({}));

/** Has workers that are created from now on load `mprof/register`. */
export function profileNewWorkers(): void {
  if (state.proxy !== undefined && workers.Worker === state.proxy) return;
  state.original = workers.Worker;
  state.proxy = new Proxy(state.original, { construct: construct as never });
  replace(state.proxy);
}

/** The constructor of workers that are not profiled, where another one stands in for it. */
export function originalConstructor(): typeof workers.Worker | undefined {
  return state.original;
}

/** No longer, unless somebody has replaced the constructor again. */
export function leaveNewWorkers(): void {
  const { proxy, original } = state;
  if (proxy !== undefined && workers.Worker === proxy) replace(original!);
}

function replace(constructor: typeof workers.Worker): void {
  workers.Worker = constructor;
  syncBuiltinESMExports();
}

const construct: Construct = (target, args, newTarget) => {
  const [script, options = {}] = args;
  if (typeof options !== 'object' || options === null) return Reflect.construct(target, args, newTarget);
  const { execArgv = process.execArgv } = options as { execArgv?: unknown };
  if (!Array.isArray(execArgv)) return Reflect.construct(target, args, newTarget);
  const create = (flags: readonly unknown[]): object => {
    // The program's own options are the prototype: they may be anything.
    const withFlags: object = Object.create(options, { execArgv: { value: [...REGISTER, ...flags] } });
    return Reflect.construct(target, [script, withFlags], newTarget);
  };
  workers.setEnvironmentData(FLAGS, execArgv.map(String));
  try {
    return create(execArgv);
  } catch (error) {
    // Flags of the process that hold for its workers anyway, such as V8's, must not be given to them again.
    const refused = refusedFlags(error);
    if (refused === undefined || 'execArgv' in options) return Reflect.construct(target, args, newTarget);
    return create(process.execArgv.filter((flag, i, all) => !refused.includes(flag) && !isValueOf(all[i - 1], flag, refused)));
  } finally {
    workers.setEnvironmentData(FLAGS);
  }
};

/** In a worker that has been given our flags: it and its child processes see the flags it would have without. */
export function hideFlags(): void {
  const flags = workers.getEnvironmentData(FLAGS) as string[] | undefined;
  if (flags === undefined) return;
  process.execArgv.splice(0, process.execArgv.length, ...flags);
  workers.setEnvironmentData(FLAGS);
}

/** Whether it belongs to the flag before it, which is left out. */
function isValueOf(before: string | undefined, flag: string, refused: readonly string[]): boolean {
  return before !== undefined && refused.includes(before) && !before.includes('=') && !flag.startsWith('-');
}

function refusedFlags(error: unknown): string[] | undefined {
  const { code, message = '' } = error as { code?: string; message?: string };
  return code === 'ERR_WORKER_INVALID_EXEC_ARGV' ? message.replace(/^[^:]*: /, '').split(', ') : undefined;
}
