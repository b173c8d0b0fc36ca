import { followsAwaits } from '../waits/rates';
import { counted } from './counted';
import { writeDump } from './goroutine-dump';
import { stackOf, takeOperations } from './operations';

/** What is under way in this thread, by call stack. */
export const goroutine = counted({
  name: 'goroutine',
  description: 'What has started and not finished: awaits, and the requests, timers and handles of the event loop.',
  count: () => takeOperations({ full: false }).operations.reduce((sum, { count }) => sum + count, 0),
  state: () => `always; awaits ${followsAwaits() ? 'on' : 'off'}`,
  take(options) {
    const { operations, comment } = takeOperations(options);
    const entries = operations.map((operation) => ({ stack: stackOf(operation), count: operation.count, labels: operation.labels }));
    return { entries, comments: [comment] };
  },
  dump: (options) => writeDump(takeOperations(options).operations),
});
