import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';

/*
 * The parts of the addon that need no V8, on their own: programs in test/native, whose random numbers are the same in every
 * run.
 */

const run = promisify(execFile);

/** Compiles a program of test/native with these parts of the addon; the result runs it with arguments and reads its JSON. */
async function compile(t: Test, program: string, parts: string[]): Promise<<T>(...args: number[]) => Promise<T>> {
  const binary = join(t.testdir({}), program);
  const sources = [`test/native/${program}.cc`, ...parts.map((part) => `native/${part}.cc`)];
  await run(process.env.CXX ?? 'c++', ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', ...sources, '-o', binary]);
  return async (...args) => JSON.parse((await run(binary, args.map(String))).stdout);
}

t.test('harvests stay within the budget', async (t) => {
  const phases = await compile(t, 'harvest-scheduler', ['harvest_scheduler']);
  type Phase = { spent: number; harvested: number };
  const cheap = [50, 0.05];
  const dear = [50, 57];
  const budget = 0.01;

  const [alone] = await phases<Phase[]>(budget, 600, ...cheap);
  t.equal(alone!.harvested, 1, 'every collection is harvested while that fits');

  for (const hours of [0.01, 1, 24]) {
    const [, after] = await phases<Phase[]>(budget, hours * 3600, ...cheap, 3600, ...dear);
    t.ok(after!.spent <= budget, `what was saved in ${hours} quiet hours is not spent in a dear one: ${after!.spent}`);
    t.ok(after!.spent >= budget / 2, 'in which most of the budget is used');
  }
  const [, , again] = await phases<Phase[]>(budget, 60, ...cheap, 600, ...dear, 3600, ...cheap);
  t.ok(again!.harvested > 0.9, `when harvests are cheap again, every collection is harvested again: ${again!.harvested}`);

  // Seldom, and as dear as the budget allows: on average that is within it.
  const [seldom] = await phases<Phase[]>(budget, 36000, 10_000, 92);
  t.equal(seldom!.harvested, 1, 'each harvest may use what was saved since the one before');
});

t.test('what died unseen is attributed to the functions that allocated it', async (t) => {
  const estimate = await compile(t, 'unseen-estimator', ['unseen_estimator']);
  interface Estimates {
    off: number;
    neverFalls: boolean;
    functions: { ratio: number; covered: number }[];
  }
  for (const [chance, windows, largestOff, coverage] of [
    [0.5, 20, 0.3, 0.8],
    [0.1, 20, 0.3, 0.8],
    [0.5, 200, 0.03, 0.92],
    [0.1, 200, 0.03, 0.92],
    [0.02, 200, 0.03, 0.92],
  ] as const) {
    const { off, neverFalls, functions } = await estimate<Estimates>(chance, windows);
    const what = `${windows} windows with a chance of ${chance.toPrecision(2)}`;
    t.ok(off < largestOff, `${what}: the total is off by ${(100 * off).toFixed(1)} % on average`);
    t.ok(neverFalls, 'counts never fall');
    for (const [i, { ratio, covered }] of functions.entries()) {
      t.ok(Math.abs(ratio - 1) < 0.03, `function ${i} is unbiased: ${ratio}`);
      t.ok(covered > coverage, `two standard errors hold it nearly as often as they claim: ${covered}`);
    }
  }
});
