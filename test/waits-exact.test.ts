import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { fixture, runJson } from './helpers/child';

/* With every wait recorded: each counts once, for as long as it lasted, where the program waited. */

interface Frame {
  name: string;
  file: string;
  line: number;
}
interface Contention {
  contentions: number;
  delay: number;
  stack: Frame[];
}
interface Result {
  truth: { waits: number; delay: number; notified?: number; notEqual?: string };
  block: Contention[];
  mutex: Contention[];
  lost: number;
}

/** The stacks of each kind of wait in test/fixtures/waits.cjs: what was waited for, then functions, leaf first. */
const STACKS: Record<string, string[][]> = {
  timer: [['Timeout', 'timer', 'main']],
  nested: [['Timeout', 'leaf', 'middle', 'nested', 'main']],
  returned: [['Timeout', 'returned', 'main']],
  thenChain: [['Timeout', 'thenChain', 'main']],
  rejection: [['Timeout', 'rejection', 'main']],
  adoption: [['Timeout', 'adoption', 'main']],
  thenable: [['Timeout', 'thenable', 'main']],
  all: [['Timeout', 'Promise.all', 'all', 'main']],
  allSettled: [['Timeout', 'Promise.allSettled', 'allSettled', 'main']],
  any: [['Timeout', 'Promise.any', 'any', 'main']],
  race: [['Timeout', 'race', 'main']],
  asyncGenerator: [['Timeout', 'numbers', 'asyncGenerator', 'main']],
  delegatingGenerator: [['Timeout', 'inner', 'outer', 'delegatingGenerator', 'main']],
  // What brings the next value about is a promise job; that a timer has settled the value goes unseen.
  forAwaitOfPromises: [['await', 'forAwaitOfPromises', 'main']],
  subclass: [['await', 'subclass', 'main']],
  severalWaiters: [
    ['Timeout', 'first', 'Promise.all', 'severalWaiters', 'main'],
    ['Timeout', 'second', 'Promise.all', 'severalWaiters', 'main'],
  ],
  otherContext: [['Timeout', 'inContext', 'otherContext', 'main']],
  otherHooks: [['Timeout', 'otherHooks', 'main']],
  event: [['Timeout', 'event', 'main']],
  events: [['Timeout', 'events', 'main']],
  timersPromises: [['Timeout', 'measured', 'timersPromises', 'main']],
  immediate: [['Immediate', 'immediate', 'main']],
  port: [['MessagePort', 'measured', 'port', 'main']],
  notWaiting: [],
  lock: [
    ['Timeout', 'holder', 'Promise.all', 'lock', 'main'],
    ['await', 'acquire', 'waiter', 'Promise.all', 'lock', 'main'],
  ],
  sameTask: [
    ['Timeout', 'holder', 'Promise.all', '(anonymous)', 'sameTask', 'main'],
    ['await', 'acquire', 'Promise.all', '(anonymous)', 'sameTask', 'main'],
  ],
};
/** Where the program cannot see when a wait ends, only when it goes on. */
const FROM_OUTSIDE = ['timersPromises', 'port', 'immediate'];

t.test('each wait counts once', async (t) => {
  const { results, failures } = await runJson<{ results: Record<string, Result[]>; failures: number }>(fixture('waits.cjs'));
  const runsOf = (kind: string): Result[] => results[kind]!;
  const total = (records: Contention[], value: 'contentions' | 'delay'): number => records.reduce((sum, record) => sum + record[value], 0);
  const names = (records: Contention[]): string[][] => records.map(({ stack }) => stack.map(({ name }) => name)).sort();
  /** The median of several runs: in one of them, the process may have had to wait for the processor. */
  const checkDelay = (t: Test, pairs: [delay: number, truth: number][], what: string): void => {
    const off = median(pairs.map(([delay, truth]) => delay / truth - 1));
    t.ok(Math.abs(off) <= 0.02, `${what}: ${(100 * off).toFixed(2)} % off`);
  };
  t.equal(failures, 0, 'nothing fails inside');

  for (const [kind, stacks] of Object.entries(STACKS)) {
    await t.test(kind, async (t) => {
      const runs = runsOf(kind);
      for (const { truth, block, lost } of runs) {
        t.equal(total(block, 'contentions'), truth.waits, 'contentions');
        t.same(names(block), stacks.map(afterMain).sort(), 'stacks');
        t.equal(lost, 0, 'no waiter is missed');
      }
      if (kind === 'notWaiting') return;
      if (FROM_OUTSIDE.includes(kind)) {
        const longer = median(runs.map(({ truth, block }) => total(block, 'delay') - truth.delay));
        t.ok(longer < 0.5, `delay: ${longer.toFixed(3)} ms longer than it seems to the program`);
        const shortest = kind === 'immediate' ? 0 : 14;
        t.ok(median(runs.map(({ block }) => total(block, 'delay'))) > shortest, `and more than ${shortest} ms`);
      } else {
        checkDelay(t, runs.map(({ truth, block }) => [total(block, 'delay'), truth.delay]), 'delay');
      }
    });
  }

  await t.test('a callback that nobody awaits', async (t) => {
    for (const { block } of runsOf('thenOnly')) {
      t.same(names(block), [['Immediate', 'thenOnly', 'main'], ['Timeout', 'continued']].map(afterMain), 'is found by what it does');
      t.equal(total(block, 'contentions'), 2);
    }
  });

  await t.test('the line is that of the await', async (t) => {
    const source = (await readFile(fixture('waits.cjs'), 'utf8')).split('\n');
    const line = (kind: string, frame: number): string => source[runsOf(kind)[0]!.block[0]!.stack[frame]!.line - 1]!.trim();
    t.equal(line('timer', 1), 'await sleep();');
    t.equal(line('nested', 2), 'await leaf();');
    t.equal(line('nested', 3), 'for (let i = 0; i < 3; i++) await middle();');
    t.equal(line('all', 2), 'await Promise.all([sleep(), sleep(2 * MS), 3]);');
  });

  await t.test('what Node.js does', async (t) => {
    for (const { block } of runsOf('file')) {
      t.ok(names(block).length > 0 && names(block).every((stack) => stack.includes('file')), 'reading a file is charged to who reads it');
    }
    for (const { block } of runsOf('fetched')) {
      t.ok(total(block, 'delay') > 14, 'fetching waits for the answer at least');
      t.ok(names(block).some((stack) => stack[1] === 'fetched'), 'in who fetches');
    }
  });

  await t.test('hand-offs', async (t) => {
    const delays: [number, number][] = [];
    for (const { mutex, block } of runsOf('lock')) {
      t.same(names(mutex), [['release', 'holder', 'lock', 'main']].map(afterMain), 'who releases is charged');
      t.equal(total(mutex, 'contentions'), 1);
      delays.push([total(mutex, 'delay'), block.find(({ stack }) => stack[0]!.name === 'await')!.delay]);
    }
    checkDelay(t, delays, 'for as long as the other has waited');
    for (const kind of ['sameTask', 'timer', 'nested', 'all', 'event', 'severalWaiters', 'file']) {
      for (const { mutex } of runsOf(kind)) t.same(mutex, [], `not in ${kind}: there is one task`);
    }
  });

  await t.test('threads', async (t) => {
    const ofThreads = (records: Contention[]): Contention[] => records.filter(({ stack }) => stack[0]!.name === 'Atomics.wait');
    const delays: Record<string, [number, number][]> = { waiter: [], notified: [], async: [], asyncNotified: [] };
    for (const { block, truth } of runsOf('waitForThread')) {
      const waits = ofThreads(block);
      t.same(names(waits).map((stack) => stack.slice(0, 3)), [['Atomics.wait', 'waiter', 'waitForThread']]);
      t.equal(total(waits, 'contentions'), 1, 'one that does not wait, as the value differs, does not count');
      t.equal(truth.notEqual, 'not-equal');
      delays.waiter!.push([total(waits, 'delay'), truth.delay]);
    }
    for (const { mutex, block } of runsOf('notifyThread')) {
      t.same(names(mutex).map((stack) => stack.slice(0, 2)), [['notifier', 'notifyThread']], 'who notifies is charged');
      t.same(names(ofThreads(block)).map((stack) => stack.slice(0, 2)), [['Atomics.wait', 'waitingThread']], "the other thread's wait is in the same profile");
      delays.notified!.push([total(mutex, 'delay'), total(ofThreads(block), 'delay')]);
    }
    for (const { mutex, block, truth } of runsOf('waitAsync')) {
      t.equal(total(block, 'contentions'), 1);
      t.same(names(block).map((stack) => stack[1]), ['waitAsync']);
      t.same(names(mutex).map((stack) => stack[0]), ['notifier']);
      delays.async!.push([total(block, 'delay'), truth.delay]);
      delays.asyncNotified!.push([total(mutex, 'delay'), truth.notified!]);
    }
    checkDelay(t, delays.waiter!, 'Atomics.wait');
    checkDelay(t, delays.asyncNotified!, 'Atomics.notify, of Atomics.waitAsync');
    // Between threads there is some time from the notice to the end of the wait.
    // From the notice to the end of a wait there is some time, and before it there is what the program does to begin it.
    for (const [charged, waited] of delays.notified!) t.ok(charged > 0 && charged < waited + 0.5, `${charged} ms, of a wait of ${waited}`);
    const longer = median(delays.async!.map(([delay, truth]) => delay - truth));
    t.ok(longer > -2, `${longer.toFixed(3)} ms longer than until the notice`);
  });
});

/** Each kind is run from here. */
function afterMain(stack: string[]): string[] {
  return stack.flatMap((name) => (name === 'main' ? ['run', 'main'] : [name]));
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
