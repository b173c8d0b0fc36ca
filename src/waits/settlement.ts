import type { CallSite } from './capture';

/**
 * How a promise comes to be settled. `explicit`: by a call of its resolve or reject function. `native`: by Node itself,
 * outside JavaScript. `derived`: as the result of an async function, a then(), a combinator or another promise, whose
 * own wait is the one that counts.
 */
export type Settlement = 'explicit' | 'native' | 'derived';

/** Node's code that runs promise jobs; what is below it on the stack is not the job's. */
const DRIVER = 'node:internal/process/task_queues';
/** Node's code that calls the hooks where somebody else has some too; it is on top of the stack then. */
const HOOKS = 'node:internal/promise_hooks';
/** Helpers of compilers that turn async functions into generators: what they settle is an async function's result. */
const HELPERS = new Set(['step', 'fulfilled', 'rejected', '_next', '_throw', 'asyncGeneratorStep']);

/** Frames it takes to tell: Node's code that calls hooks, the resolve function, a helper and its caller. */
export const SETTLEMENT_FRAMES = 5;

/**
 * Tells it from the stack at which the promise is settled. `isJobOfKnown`: in a promise job of a wait that is known, where
 * what V8 settles by itself is derived from the promise that was waited for.
 */
export function settlement(sites: readonly CallSite[], isJobOfKnown: boolean): Settlement {
  const [top, ...callers] = ownFrames(sites);
  if (top !== undefined && top.getFileName() !== null) return 'derived';
  const caller = callers.find((site) => site.getFileName() !== null);
  if (caller === undefined) return isJobOfKnown ? 'derived' : 'native';
  return HELPERS.has(caller.getFunctionName() ?? '') ? 'derived' : 'explicit';
}

/** The synchronous frames of the job or callback that runs, without those of Node's code that runs it or calls hooks. */
export function ownFrames(sites: readonly CallSite[]): readonly CallSite[] {
  const begin = sites.findIndex((site) => site.getFileName() !== HOOKS);
  const end = sites.findIndex((site) => site.isAsync() || site.getFileName() === DRIVER);
  return sites.slice(Math.max(0, begin), end < 0 ? undefined : end);
}

/** The asynchronous callers of what runs. */
export function asyncCallers(sites: readonly CallSite[]): readonly CallSite[] {
  return sites.filter((site) => site.isAsync());
}
