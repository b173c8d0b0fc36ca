import t from 'tap';
import { fixture, runJson, UNOPTIMISED } from './helpers/child';

/* What is known of threads that come and go; and what a program sees of its process is the same. How it ends: see endings.test.ts. */

t.test('threads', async (t) => {
  for (const ending of ['of itself', 'terminate']) {
    const steps = await runJson(fixture('threads.cjs'), { flags: UNOPTIMISED, args: [ending] });
    t.same(
      steps,
      {
        oneIsSampled: { inMain: [0, 0], inSampled: [100, 100], inOther: [0, 0] },
        ratesDiffer: [524288, 1],
        mainIs: 'off',
        // A collection on one thread publishes nothing of another.
        bothAreSampled: { inMain: [10, 10], inSampled: [100, 100], inOther: [0, 0] },
        seenByWorker: { inMain: [10, 10], inSampled: [110, 110], inOther: [0, 0] },
        mainHasStopped: { inMain: [10, 10], inSampled: [115, 115], inOther: [0, 0] },
        // What the worker has allocated stays, to the last object; none of it is in use.
        workerHasEnded: { inMain: [10, 10], inSampled: [118, 0], inOther: [0, 0] },
      },
      `a worker that ends: ${ending}`,
    );
  }
});

t.test('threads without the main one', async (t) => {
  t.same(
    await runJson(fixture('workers-only.cjs'), { flags: UNOPTIMISED }),
    { first: [100, 100], second: [100, 0] },
    'what a worker has counted outlives it, whether or not another thread has loaded the package',
  );
  const depth = await runJson(fixture('deep-worker.cjs'), { flags: ['--expose-gc'] });
  t.equal(depth, 256, 'the deepest stacks can be read where a recursion has left hardly any machine stack');
});

t.test('a program sees nothing of it', async (t) => {
  const observe = (mode: string): Promise<object> => runJson(fixture('observe.cjs'), { args: [mode] });
  const plain = await observe('without');
  t.same(await observe('loaded'), plain, 'loaded');
  t.same(await observe('running'), plain, 'running');
});
