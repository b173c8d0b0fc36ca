import t from 'tap';
import { fixture, FULL, runJson } from './helpers/child';

/*
 * Parsers of untrusted bytes and text, run on inputs that are mutated towards code that has not been reached yet. The
 * variable MPROF_TEST_SCALE=full makes it a hundred times as many, and MPROF_TEST_SEED other ones.
 */

t.setTimeout(3_600_000);

const SEED = process.env.MPROF_TEST_SEED ?? '1';
const SCALE = FULL ? 100 : 1;

interface Result {
  executed: number;
  /** Inputs that have reached something new. */
  kept: number;
  /** Blocks of code by order of magnitude of how often they ran: with the samples alone, and in the end. */
  before: number;
  reached: number;
  /** How often each happened. */
  outcomes: Record<string, number>;
  failures: { input: string; error: string }[];
}

function fuzz(target: string, inputs: number, seed = SEED): Promise<Result> {
  return runJson<Result>(fixture('fuzz.cjs'), { args: [target, seed, String(inputs)] });
}

t.test('the fuzzer finds its way to what is hidden', async (t) => {
  const { failures, executed } = await fuzz('planted', 100_000, '1');
  t.match(failures[0]?.error, /found/, 'four bytes in a row');
  // Of 4 billion ways to choose them.
  t.ok(executed < 100_000, `with ${executed} inputs`);
});

for (const [target, inputs, outcomes] of [
  ['decode', 4_000, ['valid', 'read', 'ERR_MPROF_INVALID_PROFILE']],
  ['gunzip', 2_000, ['read', 'ERR_MPROF_INVALID_PROFILE']],
  ['query', 5_000, ['parameters', 'none']],
] as const) {
  t.test(target, async (t) => {
    const result = await fuzz(target, inputs * SCALE);
    t.same(result.failures, [], 'no input fails');
    t.ok(result.executed >= inputs * SCALE);
    t.ok(result.reached > result.before && result.kept > 0, `${result.kept} inputs have led from ${result.before} to ${result.reached}`);
    for (const outcome of outcomes) t.ok(result.outcomes[outcome]! > 0, `${outcome}: ${result.outcomes[outcome]} times`);
  });
}
