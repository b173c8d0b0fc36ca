import t from 'tap';
import { fixture, MAJOR, runJson, UNOPTIMISED } from './helpers/child';

/* What happens around the profiler of waits disturbs neither it nor the program. */

const run = <T>(scenario: string, ...flags: string[]): Promise<T> => runJson<T>(fixture('disturbed.cjs'), { args: [scenario], flags });

t.test('what is ended in the middle', async (t) => {
  t.same(await run('termination'), { codes: [1, 1, 1, 1, 1] }, 'a thread that is ended ends alone');
  t.same(await run('timeout'), { afterwards: 10 }, 'after scripts that ran out of time everything is recorded as before, from the next job on');
  for (const [scenario, what] of [
    ['endedWaiter', 'a thread that is ended no longer waits'],
    ['endedWait', 'nor do scripts that ran out of time'],
  ] as const) {
    const { woken, charged, spent } = await run<{ woken: number; charged: number; spent: number }>(scenario);
    t.equal(woken, 1);
    t.ok(charged > 4 && charged <= spent, `${what}: charged with ${charged.toFixed(1)} of ${spent.toFixed(1)} ms`);
  }
});

t.test('bounds', async (t) => {
  const { seconds } = await run<{ seconds: number }>('manyWaiters');
  // A tenth of a second; thirteen if each cost as much as there are waiters before it.
  t.ok(seconds < 4, `40,000 waiters of one promise take ${seconds.toFixed(2)} s of CPU time`);
  const { fraction, handOffs } = await run<{ fraction: number; handOffs: number }>('onlyDerived');
  // It would stay at 1 if they did not.
  t.ok(fraction > 2, `captures that find no hand-off count as well: one in ${fraction.toFixed(0)} is looked at`);
  t.equal(handOffs, 0);
});

t.test('many hand-offs in one job', async (t) => {
  t.same(await run('manyReleased'), [[4, 'release', 'owner', 'manyReleased']], 'all of them have the asynchronous callers');
});

t.test('near the end of the machine stack', async (t) => {
  const result = await run('overflow', ...UNOPTIMISED);
  t.same(result, { caught: 40, settled: true, uncaught: 0, failures: 0 }, 'programs can catch their own overflow, and nothing else happens');
});

t.test('others', async (t) => {
  const { charged, spent } = await run<{ charged: number; spent: number }>('endedByOthers');
  t.ok(charged > 4 && charged < 40 + spent, `who notifies is charged with the wait it ends, ${charged.toFixed(1)} ms, and with none that was over before`);
  t.same(await run('secondCopy'), { different: true, alone: 10, afterwards: 0 }, 'what a second copy of the package switches off is off');
  t.same(await run('ownClockAndChance'), { result: 'timed-out', failures: 0 }, "the program's clock and generator are not asked");
  t.same(await run('wrapped'), { off: 0, on: 1 }, 'functions of ours that somebody has wrapped');
  t.same(await run('offAndOn'), { labels: ['Timeout'] }, 'off and on again');
});

t.test('tasks are told apart where that takes no promise hooks', async (t) => {
  const check = async (flags: string[], isToldApart: boolean): Promise<void> => {
    const { rule, tracked } = await run<{ rule: string; tracked: boolean }>('taskStorage', ...flags);
    t.match(rule, isToldApart ? /another task/ : /not told apart/, flags.join() || 'by default');
    t.equal(tracked, false, 'no promise is tracked');
  };
  await check([], MAJOR >= 24);
  if (MAJOR === 22) await check(['--experimental-async-context-frame'], true);
  if (MAJOR >= 24) await check(['--no-async-context-frame'], false);
});

t.test('refused requests for locks', async (t) => {
  if (!('locks' in ((globalThis as { navigator?: object }).navigator ?? {}))) {
    t.ok(MAJOR < 24, 'there are no Web Locks');
    return;
  }
  const { collected } = await run<{ collected: number }>('refusedLocks', '--expose-gc');
  t.ok(collected > 900, `${collected} of 1000 are forgotten`);
});
