import type { CallSite } from './capture';

/**
 * How a promise comes to be settled. `explicit`: by a call of its resolve or reject function. `native`: by Node itself,
 * outside JavaScript. `derived`: as the result of an async function, a then(), a combinator or another promise, whose
 * own wait is the one that counts.
 */
export type Settlement = 'explicit' | 'native' | 'derived';

/** Node's code that runs promise jobs; what is below it on the stack is not the job's. */
const DRIVER = 'node:internal/process/task_queues';
/** Helpers of compilers that turn async functions into generators: what they settle is an async function's result. */
const HELPERS = new Set(['step', 'fulfilled', 'rejected', '_next', '_throw', 'asyncGeneratorStep']);

/** Tells it from the stack at which the promise is settled, without the frames of the profiler. */
export function settlement(sites: readonly CallSite[], inJob: boolean): Settlement {
  const frames = jobFrames(sites);
  const [top] = frames;
  if (top === undefined || top.isAsync()) return inJob ? 'derived' : 'native';
  if (top.getFileName() !== null) return 'derived';
  const caller = frames.find((site) => site.getFileName() !== null);
  if (caller === undefined || caller.isAsync()) return inJob ? 'derived' : 'native';
  return HELPERS.has(caller.getFunctionName() ?? '') ? 'derived' : 'explicit';
}

/** Whether a settlement in a promise job hands something over: a task that releases what another one waits for. */
export function isHandOff(kind: Settlement, sites: readonly CallSite[]): boolean {
  return kind === 'explicit' && jobFrames(sites).some((site) => site.getFileName() !== null && !site.isAsync());
}

function jobFrames(sites: readonly CallSite[]): readonly CallSite[] {
  const end = sites.findIndex((site) => site.getFileName() === DRIVER && !site.isAsync());
  return end < 0 ? sites : sites.slice(0, end);
}
