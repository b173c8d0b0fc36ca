import { Child } from '../child.mjs';
import { ABOVE, LOAD } from './settings.mjs';

const LOAD_CHILD = new URL('load-child.mjs', import.meta.url);
const ABOVE_CHILD = new URL('above-child.mjs', import.meta.url);

/** What two processes have grown to after one stretch of the same load after another, at the same time: with mprof, and without. */
export async function measureTime({ marks: { count, millis } }, log) {
  const start = (options) => Child.start(LOAD_CHILD, { options, perSecond: LOAD.perSecond }, ['--expose-gc']);
  const children = await Promise.all([start({ memProfileRate: LOAD.rate }), start()]);
  const marks = [];
  for (let mark = 1; mark <= count; mark++) {
    log(`constant load, ${mark} of ${count}`);
    const [profiled, plain] = await Promise.all(children.map((child) => child.call('run', millis)));
    marks.push({ seconds: (mark * millis) / 1000, profiled, plain });
  }
  await Promise.all(children.map((child) => child.end()));
  return marks;
}

/** What harvests take of a thread's CPU time, for each number of stacks: before every collection, and within the budget. */
export async function measureAbove({ above: { stacks, settleMillis, cpuMillis, unboundedMillis } }, log) {
  const points = [];
  for (const count of stacks) {
    log(`above the budget, ${count} stacks`);
    const [unbounded, bounded] = await Promise.all([
      runAbove(count, 1, settleMillis / 5, unboundedMillis),
      runAbove(count, ABOVE.allocsBudget, settleMillis, cpuMillis),
    ]);
    points.push({ stacks: count, unbounded, bounded });
  }
  return points;
}

/** What was spent in advance, while the heap was built up, is made good before the measurement begins. */
async function runAbove(stacks, allocsBudget, settleMillis, cpuMillis) {
  const child = await Child.start(ABOVE_CHILD, { stacks, options: { memProfileRate: ABOVE.rate, allocsBudget } });
  await child.call('run', settleMillis);
  const result = await child.call('run', cpuMillis);
  await child.end();
  return result;
}
