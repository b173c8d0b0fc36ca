import { native } from '../binding';
import { checkInteger } from '../checks';
import { codedError } from '../errors';

/**
 * The number of a thread, or undefined for all of them.
 *
 * @throws TypeError or RangeError for anything but a non-negative integer; RangeError `ERR_MPROF_UNKNOWN_THREAD` where no
 * thread of that number is alive and has loaded this package
 */
export function checkThread(thread: unknown): asserts thread is number | undefined {
  if (thread === undefined) return;
  checkInteger('thread', thread, 0, 2 ** 32 - 1);
  if (native.listThreads().includes(thread)) return;
  throw codedError('ERR_MPROF_UNKNOWN_THREAD', `thread must be the threadId of a thread that is alive and has loaded mprof, got ${thread}`);
}

/** Whether no other thread has loaded this package. */
export function isAlone(): boolean {
  return native.listThreads().length <= 1;
}

/** What a reader of a profile of one thread has to know. */
export function threadComment(thread: number): string {
  return thread === 0 ? 'the main thread alone' : `thread ${thread} alone`;
}

/** The comments of a profile of one thread, or of all. */
export function withThread(thread: number | undefined, comments: readonly string[]): string[] {
  if (thread === undefined) return [...comments];
  const { lostByThread } = native.getStats();
  const lost = lostByThread > 0 ? `; ${lostByThread} events of other threads are counted as the main one's: the tables are full` : '';
  return [threadComment(thread) + lost, ...comments];
}
