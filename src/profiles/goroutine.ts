import { threadId } from 'node:worker_threads';
import { threadComment } from '../threads/known-threads';
import { followsAwaits } from '../waits/rates';
import { counted, type CountsSource } from './counted';
import { writeDump } from './goroutine-dump';
import { stackOf, takeOperations, type Operations } from './operations';
import { askForOperations } from './operations-of-others';
import type { ProfileSource } from './profile';

/** What is under way in a thread, by call stack. */
export const goroutine: ProfileSource = {
  ...counted(sourceOf((options) => takeOperations(options))),
  byThread: true,
  async ofThread(thread, options) {
    if (thread === threadId) return goroutine;
    const { operations, comment } = await askForOperations(thread, options);
    const taken = { operations, comment: `${threadComment(thread)}; ${comment}` };
    return counted(sourceOf(() => taken));
  },
};

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
