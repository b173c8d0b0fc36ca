import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import t from 'tap';
import { fixture, runJson } from './helpers/child';

/*
 * What the mutex profile makes of the packages that programs wait in: which hand-offs it finds, which it misses, and what
 * it takes for one that is none. The README says the same, row by row.
 */

interface Run {
  /** Tasks that were resumed when another one gave back what they waited for. */
  handOffs: number;
  /** Jobs of waiting tasks that were called by the other one. */
  calls: number;
  /** How long these have waited together, in milliseconds. */
  delay: number;
  mutex: { contentions: number; delay: number; stack: string[] }[];
}

interface Expected {
  handOffs?: number;
  calls?: number;
  recorded?: number;
  /** Functions on every recorded stack in this order, the leaf's side first. */
  stack?: string[];
  /** The recorded delay, by the true one. */
  delay?: number;
}

const FOUND = { handOffs: 3, recorded: 3, delay: 1 };
const MISSED = { handOffs: 3 };
/**
 * The waiter's promise is that for all of its job. It is settled when that is done, within the task of the job before,
 * which has called it: waits of 1, 2 and 3 times the job's length are told as 2, 3 and 4 times.
 */
const QUEUE = { calls: 3, recorded: 3, delay: 9 / 6 };

/** The ways to wait in test/fixtures/hand-offs.cjs. */
const EXPECTED: Record<string, Expected> = {
  'async-mutex acquire': { ...FOUND, stack: ['Semaphore._dispatchItem', 'Semaphore.release', 'critical'] },
  'async-mutex Semaphore': { ...FOUND, stack: ['Semaphore._dispatchItem', 'Semaphore.release', 'critical'] },
  'async-mutex runExclusive': { ...FOUND, stack: ['Semaphore._dispatchItem', 'Semaphore.release', 'step', 'fulfilled'] },
  // The pool itself waits for each promise that it gives to a user: two waiters.
  'generic-pool': { ...FOUND, delay: 2, stack: ['_dispatchPooledResourceToNextWaitingClient', 'release', 'critical'] },
  'pg-pool connect': { ...FOUND, stack: ['_acquireClient', '_pulseQueue', '_release', 'critical'] },
  'pg-pool query': { calls: 3 },
  // Relayed by a promise of its own, for the sake of validators.
  tarn: { ...FOUND, stack: ['resolve', '(anonymous)'] },
  'p-limit': { ...FOUND, stack: ['resumeNext', 'next', 'run'] },
  'hand-written lock': { ...FOUND, stack: ['release', 'critical'] },
  'promise-chain lock': { ...FOUND, stack: ['critical'] },
  'lock outside tasks': { ...FOUND, stack: ['release', 'critical'] },
  'lock within one task': MISSED,
  'lock released by a callback': MISSED,
  'async-lock': { ...QUEUE, stack: ['done'] },
  'p-queue': { ...QUEUE, stack: ['run'] },
  bottleneck: { ...QUEUE, stack: ['asyncGeneratorStep', '_next'] },
  dataloader: { recorded: 3, stack: ['(anonymous)'] },
  'signal from another task': { recorded: 1, stack: ['producer'] },
  'signal outside tasks': { recorded: 1, stack: ['producer'] },
  'signal within one task': {},
  streams: { recorded: 1, stack: ['emit', 'Writable.end', 'writer'] },
  'events.once': {},
  timers: {},
  'fs.promises': {},
  fetch: {},
};
/** The program's functions, as opposed to packages'. */
const OWN = ['critical', 'producer', 'writer'];

/** The section of the README whose table has a row for each way to wait. */
const SECTION = /^### What the mutex profile sees\n([^]*?)^## /m;

t.before(async () => {
  // tap's loaders are not for npm.
  const { NODE_OPTIONS: _, ...env } = process.env;
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: 'test/packages', env });
});

t.test('what packages do', async (t) => {
  const { results, failures } = await runJson<{ results: Record<string, Run[]>; failures: number }>(fixture('hand-offs.cjs'));
  const section = SECTION.exec(await readFile('README.md', 'utf8'))?.[1] ?? '';
  const rows = tableOf(section);

  t.equal(failures, 0, 'nothing fails inside');
  t.same(Object.keys(results).sort(), Object.keys(EXPECTED).sort(), 'all are known');

  for (const [way, { handOffs = 0, calls = 0, recorded = 0, stack = [], delay }] of Object.entries(EXPECTED)) {
    await t.test(way, async (t) => {
      const runs = results[way]!;
      for (const run of runs) {
        t.match(run, { handOffs, calls }, 'what there is');
        t.equal(contentions(run), recorded, 'what is recorded');
        for (const record of run.mutex) t.ok(occur(stack, record.stack), `${record.stack.join(' < ')} has ${stack.join(' < ')}`);
      }
      if (delay !== undefined) {
        const factor = median(runs.map((run) => delayOf(run) / run.delay));
        // Queues take their own time between two jobs, which counts in some of the waits only.
        t.ok(Math.abs(factor / delay - 1) < (calls > 0 ? 0.15 : 0.05), `delay: ${factor} times the true one, ${delay} expected`);
      }
    });
  }

  await t.test('is what the README says', async (t) => {
    t.same([...rows.keys()].sort(), Object.keys(results).sort(), 'of each');
    for (const [way, [run]] of Object.entries(results)) {
      const [waits, seen, charged] = rows.get(way) ?? [];
      t.equal(waits, run!.handOffs > 0 ? 'yes' : run!.calls > 0 ? 'called' : 'no', `${way}: hand-offs`);
      t.equal(seen, run!.mutex.length > 0 ? 'yes' : 'no', `${way}: in the profile`);
      const own = run!.mutex.some(({ stack }) => stack.some((name) => OWN.includes(name)));
      if (run!.mutex.length > 0) t.match(charged, own ? /^who / : /^the package/, `${way}: charged to`);
    }
  });

  await t.test('all together', async (t) => {
    const runs = Object.values(results).map(([run]) => run!);
    const total = (value: (run: Run) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
    const recorded = total(contentions);
    const handOffs = total((run) => run.handOffs);
    const found = total((run) => Math.min(contentions(run), run.handOffs));
    const queued = total((run) => Math.min(contentions(run), run.calls));
    t.comment(`precision ${found / recorded}, with queues ${(found + queued) / recorded}, recall ${found / handOffs}`);
    t.ok(found / recorded >= 0.66, 'precision');
    t.ok((found + queued) / recorded >= 0.86, 'precision, if the waits in queues count');
    t.ok(found / handOffs >= 0.83, 'recall');
    t.match(section, `${found} of ${handOffs} hand-offs`, 'the README says how many are found');
    t.match(section, `${recorded} recorded`, 'of how many');
    t.match(section, `${queued} are waits`, 'and how many are waits in queues');
  });
});

/** The cells after each row's first. */
function tableOf(section: string): Map<string, string[]> {
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
  return new Map(cells.map(([way, ...others]) => [way!, others]));
}

function contentions({ mutex }: Run): number {
  return mutex.reduce((sum, record) => sum + record.contentions, 0);
}

function delayOf({ mutex }: Run): number {
  return mutex.reduce((sum, record) => sum + record.delay, 0);
}

/** Whether the names are on the stack, in this order. */
function occur(names: string[], stack: string[]): boolean {
  let next = 0;
  for (const name of stack) if (name === names[next]) next++;
  return next === names.length;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
