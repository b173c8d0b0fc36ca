import { native } from '../binding';
import { labelNumber } from '../waits/frames';
import { counted } from './counted';
import { takeThreads, threadsComment } from './threads';

/** How many threads there are. Unlike Go, neither V8 nor Node.js knows what has started them. */
export const threadcreate = counted({
  name: 'threadcreate',
  description: 'Threads of the process, by what they are for.',
  count: () => [...takeThreads().values()].reduce((sum, count) => sum + count, 0),
  take: () => {
    const threads = takeThreads();
    return {
      stack: Uint32Array.from(threads.keys(), (name) => native.internStack(Int32Array.of(labelNumber(name)))),
      count: [...threads.values()],
      comments: [threadsComment()],
    };
  },
});
