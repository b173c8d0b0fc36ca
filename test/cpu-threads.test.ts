import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fixture, runJson } from './helpers/child';

/* CPU profiles of all threads. */

interface Profile {
  /** CPU time in milliseconds: with these functions on the stack, and all. */
  used: Record<'inMain' | 'inWorker' | 'inEnding' | 'inTerminated' | 'inLate' | 'total', number>;
  /** What the process has used meanwhile. */
  process: number;
  took: number;
  samples: number;
  comments: string[];
}

/** One sample of each of three threads more or less, and what the process does besides. */
const RESOLUTION = 30;

const run = (scenario: string, ...args: string[]): Promise<Record<string, Profile>> => runJson(fixture('cpu-threads.cjs'), { args: [scenario, ...args] });

function checkTotal(t: Test, { used, process }: Profile, least: number): void {
  t.ok(used.total <= process + RESOLUTION, `${used.total} ms of ${process.toFixed(0)} that the process has used`);
  t.ok(used.total >= least * process - RESOLUTION, `of which it is at least ${least}`);
}

t.test('threads at work', async (t) => {
  const { all, one, main, alone } = await run('together');
  t.match(all!.comments[0], /^threads 0, \d+, \d+$/);
  checkTotal(t, all!, 0.4);
  t.ok(all!.used.inWorker > 0.5 * all!.used.total, 'workers that never turn to their event loops are in it');
  t.ok(all!.used.inMain > 0, 'and so is the main thread');
  t.match(one!.comments[0], /^thread \d+ alone$/);
  t.equal(one!.used.inMain, 0, 'one thread alone');
  t.ok(one!.used.inWorker > 0 && one!.used.total < 0.75 * one!.process, 'of which there is another one');
  t.same(main!.comments, ['the main thread alone']);
  t.ok(main!.used.inMain > 0);
  t.equal(main!.used.inWorker, 0);
  t.same(alone!.comments, [], 'a thread that is alone has a profile as ever');
});

t.test('threads that come and go within the window', async (t) => {
  const { all } = await run('comes and goes');
  for (const name of ['inEnding', 'inTerminated', 'inLate'] as const) t.ok(all!.used[name] >= 30, `${name}: ${all!.used[name]} ms are in it`);
  t.match(all!.comments[0], /^threads 0, \d+, \d+, \d+$/);
});

t.test('threads that do not answer', async (t) => {
  const { all, one, again, after } = await run('does not answer', join(t.testdir(), 'fifo'));
  t.match(all!.comments[0], /^threads 0, \d+, \d+; 1 more did not answer, and their time is not in it$/, 'a thread that waits for memory answers, one in a system call does not');
  t.match(one!.comments, [/^thread \d+ alone; it did not answer, and its time is not known$/]);
  t.match(again!.comments[0], /^threads 0; 1 more did not answer/, 'however often it is asked');
  t.same(after!.comments, [], 'it ends as ever when it is let go');
});

t.test('a thread that answers late', async (t) => {
  const { all } = await run('answers late', join(t.testdir(), 'fifo'));
  t.match(all!.comments[0], /^threads 0, \d+$/, 'has nothing to do with what is over by then, where V8 has room for a hundred');
  t.ok(all!.used.inWorker > 0, 'and takes part in what comes');
});

t.test('profiles that are given up', async (t) => {
  const { all } = await run('is given up');
  t.match(all!.comments[0], /^threads 0, \d+$/, 'leave nothing behind in the other threads, where V8 has room for a hundred');
  t.ok(all!.used.inWorker > 0);
});

t.test('threads that ask, and end before they have got it', async (t) => {
  const { codes, all } = (await run('asks and ends')) as unknown as { codes: number[]; all: Profile };
  t.same(codes, [3, 0]);
  t.same(all.comments, []);
});
