import { threadId } from 'node:worker_threads';
import { threadComment } from '../threads/known-threads';
import { ask } from '../threads/questions';
import { followsAwaits } from '../waits/rates';
import { counted, type CountsSource } from './counted';
import { writeDump } from './goroutine-dump';
import { stackOf, takeOperations, type Operations } from './operations';
import type { ProfileSource } from './profile';

/** What is under way in a thread, by call stack. */
export const goroutine: ProfileSource = {
  ...counted(sourceOf((options) => takeOperations(options))),
  byThread: true,
  async ofThread(thread, options) {
    if (thread === threadId) return goroutine;
    const { operations, comment } = (await ask(thread, options)) as Operations;
    const taken = { operations, comment: `${threadComment(thread)}; ${comment}` };
    return counted(sourceOf(() => taken));
  },
};

/** What is under way in this thread, for another one. */
export async function operationsForOthers(full: boolean): Promise<Operations> {
  const { operations, comment } = takeOperations({ full });
  // By what an operation is known here says nothing there.
  return { operations: operations.map((operation) => ({ ...operation, identity: undefined })), comment };
}

function sourceOf(take: (options: { full: boolean }) => Operations): CountsSource {
  return {
    name: 'goroutine',
    description: 'What has started and not finished: awaits, and the requests, timers and handles of the event loop.',
    count: () => take({ full: false }).operations.reduce((sum, { count }) => sum + count, 0),
    state: () => `always; awaits ${followsAwaits() ? 'on' : 'off'}`,
    take(options) {
      const { operations, comment } = take(options);
      return {
        stack: Uint32Array.from(operations, stackOf),
        count: operations.map(({ count }) => count),
        labels: operations.map(({ labels }) => labels),
        comments: [comment],
      };
    },
    dump: (options) => writeDump(take(options).operations),
  };
}
