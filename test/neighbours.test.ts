import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import v8 from 'node:v8';
import t from 'tap';
import { fixture, type ChildOptions } from './helpers/child';
import { inParallel } from './helpers/in-parallel';
import { everything, EVERYTHING, runWithout, type Change } from './helpers/with-and-without';

/* Other profilers in the same process, at work before this one and after: neither breaks the other, nor the program's end. */

const AT_ONCE = 3;
const PROGRAM = fixture('endings.cjs');
const MODULES = resolve('test/neighbours');

t.before(async () => {
  // tap's loaders are not for npm.
  const { NODE_OPTIONS: _, ...env } = process.env;
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: MODULES, env });
});

const theirsFirst: Change = ({ flags = [], ...options }) => ({ ...options, flags: [...flags, '--require', EVERYTHING] });
const oursFirst: Change = everything;

/** Those that use V8's one heap sampler. */
const SAMPLERS = ['inspector heap', 'v8.startHeapProfile', 'datadog heap'];
const OTHERS = ['inspector cpu', 'v8.getHeapSnapshot', 'datadog wall'];

const NOTHING = { heap: 'off', errors: ['ERR_MPROF_SAMPLER_IN_USE'], site: [0, 0] };
const ALL = { heap: 'running', errors: [], site: [100, 50] };
const WAITS = { waits: 5, handOffs: 2, waitFailures: 0 };

/** Those who leave their profiler running end with it so. */
const ENDINGS: [scenario: string, env: Record<string, string>, stdout: string][] = [
  ['of itself, after work', {}, '81781\ntheirs: a profile\n'],
  ['a worker is terminated', { MPROF_TEST_LEAVE: '1' }, '1\n'],
  ['of itself, after work', { MPROF_TEST_LEAVE: '1' }, '81781\n'],
  ['process.exit(3) after work', { MPROF_TEST_LEAVE: '1' }, '81781\n'],
];

/**
 * Where Node.js itself leaves that profiler in an isolate that goes away, V8 uses memory that has been freed, and the program
 * may crash: without this one, too, and always with MALLOC_PERTURB_=85.
 */
const endsWell = (name: string, scenario: string, env: Record<string, string>): boolean =>
  !(name === 'v8.startHeapProfile' && 'MPROF_TEST_LEAVE' in env && !scenario.startsWith('process.exit'));

/** A program with another profiler in it. */
const having = (name: string, scenario: string, env: Record<string, string> = {}): ChildOptions => ({
  args: [scenario],
  flags: ['--require', fixture('neighbour.cjs')],
  env: { MPROF_TEST_NEIGHBOUR: name, MPROF_TEST_MODULES: MODULES, ...env },
});

t.test('one beside the other', async (t) => {
  const names = [...SAMPLERS, ...OTHERS].filter((name) => name !== 'v8.startHeapProfile' || 'startHeapProfile' in v8);
  await inParallel(names, AT_ONCE, async (name) => {
    // Node.js's own function throws where the sampler is in use already.
    const changes = name === 'v8.startHeapProfile' ? [theirsFirst] : [theirsFirst, oursFirst];
    const reports = [SAMPLERS.includes(name) ? NOTHING : ALL, ALL];
    for (const [scenario, env, stdout] of SAMPLERS.includes(name) ? ENDINGS : ENDINGS.slice(0, 2)) {
      if (!endsWell(name, scenario, env)) continue;
      const { without, profiled } = await runWithout(PROGRAM, having(name, scenario, env), changes);
      const what = `${name}, ${scenario}${'MPROF_TEST_LEAVE' in env ? ', left running' : ''}`;
      t.match(without, { stdout, stderr: '', signal: null }, `${what}: alone`);
      for (const [i, { exit, report }] of profiled.entries()) {
        const order = i === 0 ? 'first' : 'second';
        t.same(exit, without, `${what}: ${order}`);
        t.match(report, { ...reports[i], ...(scenario.endsWith('after work') && WAITS) }, `${what}: ${order}, what is known`);
      }
    }
  });
});

t.test("one that takes V8's sampler away", async (t) => {
  for (const name of ['inspector heap', 'datadog heap']) {
    const { without, profiled } = await runWithout(PROGRAM, having(name, 'of itself, after work', { MPROF_TEST_BRIEF: '1' }), [oursFirst]);
    const report = { heap: 'lost', errors: [], site: [0, 0], ...WAITS };
    t.match(profiled, [{ exit: without, report }], `${name}: it is known to be lost`);
  }
});
