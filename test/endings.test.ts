import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fixture, FULL, knownFlags, runJson, type ChildOptions, type Exit } from './helpers/child';
import { inParallel } from './helpers/in-parallel';
import { everything, EVERYTHING, loaded, runWithout, type Report } from './helpers/with-and-without';

/*
 * Programs end as they would without the profiler, whatever is switched on: with the same code or signal and the same
 * output. Where anything can be read at the end, it is right.
 */

/** With MPROF_TEST_SCALE=full, a hundred times. */
const REPETITIONS = FULL ? 100 : 1;
const AT_ONCE = 3;
const PROGRAM = fixture('endings.cjs');

type Ending = Partial<Omit<Exit, 'stderr'>> & {
  stderr?: RegExp;
  flags?: string[];
  /** Whether code of the process runs at the end: by default, where no signal has ended it. */
  isReported?: boolean;
};

const THROWN = { code: 1, stderr: /Error: thrown on purpose/ };
const READY = { stdout: 'ready\n' };
/** Collections come often. */
const SMALL = ['--max-semi-space-size=1'];

/** How each ending in test/fixtures/endings.cjs shows, where that is not code 0 and silence. */
const ENDINGS: Record<string, Ending> = {
  'of itself, after work': { stdout: '81781\n' },
  'process.exit(3)': { code: 3 },
  'process.exitCode = 4': { code: 4 },
  'process.exit(3) after work': { code: 3, stdout: '81781\n' },
  'process.exit(3) while everybody waits': { code: 3 },
  'process.exit(6) between collections': { code: 6, flags: SMALL },
  'process.exit(6) in a context of its own': { code: 6 },
  'a script that runs out of time': { stdout: 'ERR_SCRIPT_EXECUTION_TIMEOUT\n' },
  'an exception': THROWN,
  'an exception in a callback': THROWN,
  'an exception in a microtask': THROWN,
  'an exception that is handled': { stdout: 'thrown on purpose\n' },
  'an exception that is handled by process.exit(5)': { code: 5 },
  'an exception in the handler of exceptions': { code: 7, stderr: THROWN.stderr, isReported: false },
  'an exception at exit': THROWN,
  'no more stack': { code: 1, stderr: /RangeError: Maximum call stack size exceeded/ },
  'a rejection': THROWN,
  'a rejection after work': THROWN,
  'a rejection that is handled': { stdout: 'thrown on purpose\n' },
  'process.abort()': { code: null, signal: 'SIGABRT', stderr: /Native stack trace/ },
  'out of memory': { code: null, signal: 'SIGABRT', stderr: /FATAL ERROR: Allocation failed/, flags: ['--max-old-space-size=32'] },
  SIGTERM: { code: null, signal: 'SIGTERM', ...READY },
  'SIGTERM between collections': { code: null, signal: 'SIGTERM', ...READY, flags: SMALL },
  'SIGTERM that is handled by process.exit(7)': { code: 7, ...READY },
  'SIGTERM that ends what there is to wait for': READY,
  'SIGTERM that is passed on': { code: null, signal: 'SIGTERM', ...READY },
  'SIGINT to itself': { code: null, signal: 'SIGINT' },
  'SIGSEGV to itself': { code: null, signal: 'SIGSEGV' },
  'child processes': { stdout: '{"status":0,"signal":null,"stdout":"42\\n"}\n' },
  'a worker ends of itself': { stdout: '0\n' },
  'a worker ends of itself, later': { stdout: '0\n' },
  'a worker ends after work': { stdout: '81781\n0\n' },
  'a worker calls process.exit(8)': { stdout: '8\n' },
  'a worker throws': { stdout: 'thrown on purpose\n1\n' },
  'a worker has a rejection': { stdout: 'thrown on purpose\n1\n' },
  'a worker is terminated': { stdout: '1\n' },
  'a worker that waits for memory is terminated': { stdout: '1\n' },
  'rates change while there is a worker': { stdout: '0\n' },
  'process.exit(9) with workers': { code: 9 },
  'an exception with a worker': THROWN,
  'SIGTERM with a worker': { code: null, signal: 'SIGTERM', ...READY },
};

/** What is on at the end, and what of the program's objects, waits and hand-offs is known; by default of its objects alone. */
const REPORT = { errors: [], heap: 'running', waitFailures: 0, site: [100, 50] };
const WORK = { ...REPORT, waits: 5, handOffs: 2 };
const REPORTS: Record<string, object> = {
  'of itself, after work': WORK,
  'process.exit(3) after work': WORK,
  'a rejection after work': WORK,
  'off again': { ...REPORT, heap: 'off', site: [Number, Number] },
  'reading at exit': REPORT,
};

/** Those of a row at once. */
const READ_UNDER = [
  ['--jitless'],
  ['--no-opt', '--expose-gc', '--single-threaded'],
  ['--max-old-space-size=32', '--inspect=127.0.0.1:0'],
  ['--disable-proto=throw', '--disallow-code-generation-from-strings'],
  ['--disable-proto=delete', '--experimental-async-context-frame', '--no-async-context-frame'],
  ['--frozen-intrinsics'],
  ['--throw-deprecation', '--pending-deprecation', '--enable-source-maps', '--unhandled-rejections=strict', '--experimental-vm-modules'],
];
const STRESS = [
  '--stress-compaction',
  '--stress-scavenge=50',
  '--stress-marking=50',
  '--stress-incremental-marking',
  '--gc-interval=200',
];

const whenReady: ChildOptions['onOutput'] = (text, child) => {
  if (text.includes('ready')) child.kill('SIGTERM');
};

t.test('programs end as they would', async (t) => {
  const names = (await runJson<string[]>(PROGRAM, { args: ['names'] })).filter((name) => name !== 'names');
  t.same([...Object.keys(ENDINGS), ...Object.keys(REPORTS)].filter((name) => !names.includes(name)), [], 'all endings are there');
  await inParallel(names, AT_ONCE, async (name) => {
    const { flags = [], isReported = true, ...expected } = ENDINGS[name] ?? {};
    const options = { args: [name], flags, onOutput: whenReady };
    const { without, profiled } = await runWithout(PROGRAM, options, Array<typeof everything>(REPETITIONS).fill(everything));
    t.match(without, { code: 0, signal: null, stdout: '', stderr: /^$/, ...expected }, `${name}: without`);
    for (const { exit, report } of profiled) {
      t.same(exit, without, `${name}: with everything on`);
      if (isReported && without.signal === null) t.match(report, REPORTS[name] ?? REPORT, `${name}: what is known`);
      else t.equal(report, undefined, 'nothing runs at the end');
    }
  });
});

t.test('loaded and never started', async (t) => {
  for (const name of ['of itself, after work', 'process.exit(3)', 'an exception', 'SIGTERM', 'a worker is terminated']) {
    const { without, profiled } = await runWithout(PROGRAM, { args: [name], onOutput: whenReady }, [loaded]);
    t.match(profiled, [{ exit: without, report: undefined }], name);
  }
});

/** Does the program's work with everything on. */
async function checkWork(t: Test, name: string, options: ChildOptions, expected: object = WORK): Promise<Report | undefined> {
  const { without, profiled } = await runWithout(PROGRAM, { ...options, args: ['of itself, after work'] }, [everything]);
  t.match(without, { code: 0, signal: null, stdout: '81781\n' }, `${name}: without`);
  const [{ exit, report }] = profiled as [(typeof profiled)[0]];
  t.same(exit, without, name);
  t.match(report, expected, `${name}: what is known`);
  return report;
}

t.test('under flags, where all is read as well', async (t) => {
  const known = await knownFlags(READ_UNDER.flat());
  t.ok(known.length >= READ_UNDER.flat().length - 2, `${known}`);
  const samples = { heap: Number, allocs: Number, block: Number, mutex: Number, goroutine: Number, threadcreate: Number, profile: Number };
  await inParallel(READ_UNDER, AT_ONCE, async (row) => {
    const flags = row.filter((flag) => known.includes(flag));
    const report = await checkWork(t, `${flags}`, { flags, env: { MPROF_TEST_READ: '1' } });
    t.match(report?.read, { samples, site: [100, 50] }, `${flags}: over HTTP`);
  });
});

t.test('whatever V8 does for its own tests', async (t) => {
  const known = await knownFlags(STRESS);
  t.ok(known.length >= STRESS.length - 1, `${known}`);
  await inParallel(known, AT_ONCE, async (flag) => void (await checkWork(t, flag, { flags: [flag] })));
});

t.test('NODE_OPTIONS', async (t) => {
  const nodeOptions = '--max-old-space-size=64 --no-warnings';
  await checkWork(t, nodeOptions, { nodeOptions });
  const inOptions = (options: ChildOptions): ChildOptions => ({ ...options, nodeOptions: `--require ${EVERYTHING}` });
  const { without, profiled } = await runWithout(PROGRAM, { args: ['of itself, after work'] }, [inOptions]);
  t.match(profiled, [{ exit: without, report: WORK }], '--require');
});

t.test("Node.js's own profiles", async (t) => {
  for (const [flag, expected] of [
    ['--cpu-prof', WORK],
    ['--heap-prof', { ...WORK, errors: ['ERR_MPROF_SAMPLER_IN_USE'], heap: 'off', site: [0, 0] }],
  ] as const) {
    const directory = t.testdir({});
    await checkWork(t, flag, { flags: [flag, `${flag}-dir=${directory}`] }, expected);
    const files = await readdir(directory);
    t.equal(files.length, 2, `${flag} has written its file in both runs`);
    for (const file of files) t.match(JSON.parse(await readFile(join(directory, file), 'utf8')), {});
  }
});

t.test('endings under flags', async (t) => {
  for (const [name, flags, expected] of [
    ['an exception', ['--abort-on-uncaught-exception'], { code: null, signal: String }],
    ['a rejection', ['--unhandled-rejections=warn'], { code: 0, stderr: /UnhandledPromiseRejectionWarning/ }],
    ['a rejection', ['--unhandled-rejections=warn-with-error-code'], { code: 1 }],
    ['a worker is terminated', ['--stress-scavenge=20'], { code: 0 }],
    ['process.exit(9) with workers', ['--jitless'], { code: 9 }],
    ['rates change while there is a worker', ['--jitless'], { code: 0 }],
  ] as const) {
    const { without, profiled } = await runWithout(PROGRAM, { args: [name], flags }, [everything]);
    t.match(without, expected, `${name} ${flags}: without`);
    t.match(profiled, [{ exit: without }], `${name} ${flags}`);
  }
  const unsettled = { flags: ['--input-type=module'], args: ['await new Promise(() => {});'] };
  const { without, profiled } = await runWithout('--eval', unsettled, [loaded, everything]);
  t.match(without, { code: 13, signal: null }, 'a module that is never done: without');
  for (const { exit } of profiled) t.same(exit, without, 'a module that is never done');
});
