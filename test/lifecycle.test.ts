import t from 'tap';
import { fixture, runJson, runNode, UNOPTIMISED, type Exit } from './helpers/child';

/* Processes and threads end as they would without the profiler, and what a program sees of its process is the same. */

const REPETITIONS = 5;

/** How each ending in test/fixtures/endings.cjs shows, where that is not code 0 and silence. */
const ENDINGS: Record<string, Partial<Omit<Exit, 'stderr'>> & { stderr?: RegExp }> = {
  'process.exit(3)': { code: 3 },
  'process.exitCode = 4': { code: 4 },
  'an exception': { code: 1, stderr: /Error: thrown on purpose/ },
  'an exception in a callback': { code: 1, stderr: /Error: thrown on purpose/ },
  'an exception that is handled by process.exit(5)': { code: 5 },
  'a rejection': { code: 1, stderr: /Error: thrown on purpose/ },
  'process.exit(6) between collections': { code: 6 },
  SIGTERM: { code: null, signal: 'SIGTERM', stdout: 'ready' },
  'SIGTERM between collections': { code: null, signal: 'SIGTERM', stdout: 'ready' },
  'SIGTERM that is handled by process.exit(7)': { code: 7, stdout: 'ready' },
  'process.exit(9) with a worker': { code: 9 },
  'an exception with a worker': { code: 1, stderr: /Error: thrown on purpose/ },
};

t.test('a process ends as it would without the profiler', async (t) => {
  const names = await runJson<string[]>(fixture('endings.cjs'), { args: ['names'] });
  t.same(Object.keys(ENDINGS).filter((name) => !names.includes(name)), [], 'all endings are there');
  for (const name of names) {
    const run = (): Promise<Exit> =>
      runNode(fixture('endings.cjs'), {
        args: [name],
        onOutput: (text, child) => {
          if (text === 'ready') child.kill('SIGTERM');
        },
      });
    const expected = { code: 0, signal: null, stdout: '', stderr: /^$/, ...ENDINGS[name] };
    const exits = await Promise.all(Array.from({ length: REPETITIONS }, run));
    for (const [i, exit] of exits.entries()) t.match(exit, expected, `${name}, ${i + 1}`);
  }
});

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
