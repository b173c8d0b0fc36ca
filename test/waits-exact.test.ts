import { readFile } from 'node:fs/promises';
import t from 'tap';
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
  truth: { waits: number | null; delay: number; atomicsDelay?: number; notEqual?: string };
  block: Contention[];
  mutex: Contention[];
  lost: number;
}

/** The stacks of each kind of wait in test/fixtures/waits.cjs: what was waited for, then functions, leaf first; `async` where several are right. */
const STACKS: Record<string, string[][]> = {
  timer: [['Timeout', 'timer', 'main']],
  nested: [['Timeout', 'leaf', 'middle', 'nested', 'main']],
  returned: [['Timeout', 'returned', 'main']],
  thenChain: [['Timeout', 'thenChain', 'main']],
  thenOnly: [['Timeout', 'continued']],
  rejection: [['Timeout', 'rejection', 'main']],
  adoption: [['Timeout', 'adoption', 'main']],
  thenable: [['Timeout', 'thenable', 'main']],
  all: [['Timeout', 'Promise.all', 'all', 'main']],
  allSettled: [['Timeout', 'Promise.allSettled', 'allSettled', 'main']],
  any: [['Timeout', 'Promise.any', 'any', 'main']],
  race: [['Timeout', 'race', 'main']],
  asyncGenerator: [['Timeout', 'numbers', 'asyncGenerator', 'main']],
  delegatingGenerator: [['Timeout', 'inner', 'outer', 'delegatingGenerator', 'main']],
  forAwaitOfPromises: [['Timeout', 'forAwaitOfPromises', 'main']],
  subclass: [['Timeout', 'subclass', 'main']],
  severalWaiters: [
    ['Timeout', 'first', 'Promise.all', 'severalWaiters', 'main'],
    ['Timeout', 'second', 'Promise.all', 'severalWaiters', 'main'],
  ],
  otherContext: [['Timeout', 'inContext', 'otherContext', 'main']],
  event: [['Timeout', 'event', 'main']],
  events: [['Timeout', 'events', 'main']],
  timersPromises: [['Timeout', 'measured', 'timersPromises', 'main']],
  immediate: [['Immediate', 'immediate', 'main']],
  port: [['MessagePort', 'measured', 'port', 'main']],
};

t.test('each wait counts once', async (t) => {
  const { results, failures } = await runJson<{ results: Record<string, Result>; failures: number }>(fixture('waits.cjs'));
  console.error(JSON.stringify(results, null, 1));
  t.equal(failures, 0, 'nothing fails inside');
  for (const [kind, stacks] of Object.entries(STACKS)) {
    await t.test(kind, async (t) => {
      const { truth, block, lost } = results[kind]!;
      const total = (value: 'contentions' | 'delay'): number => block.reduce((sum, record) => sum + record[value], 0);
      t.equal(total('contentions'), truth.waits, 'contentions');
      const off = total('delay') / truth.delay - 1;
      if (kind !== 'thenOnly') t.ok(Math.abs(off) < 0.02, `delay: ${total('delay').toFixed(3)} ms, ${(100 * off).toFixed(2)} % off`);
      t.same(block.map(({ stack }) => stack.map(({ name }) => name).slice(0, 6)), stacks, 'stacks');
      t.equal(lost, 0, 'no waiter is missed');
    });
  }
});
