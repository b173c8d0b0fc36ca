import t from 'tap';
import { fixture, runJson } from './helpers/child';

/*
 * Worker threads that come and go while everything is profiled. MPROF_TEST_SCALE=full runs as many as a service may have
 * started in a day, which takes an hour.
 */

const FULL = process.env.MPROF_TEST_SCALE === 'full';
const ENDING = FULL ? 10_000 : 100;
const TERMINATED = FULL ? 1_000 : 40;
const MEBIBYTE = 2 ** 20;

interface Size {
  rss: number;
  buckets: number;
  frames: number;
  strings: number;
  stackNodes: number;
  liveSamples: number;
}

/** What the process has of the system's. */
interface Resources {
  files: number;
  threads: number;
}

interface Seen {
  codes: Record<string, number>;
  expected: number;
  allocated: number;
  inUse: number;
  waitFailures: number;
  statuses: number[];
  answers: number;
  sizes: [quarter: Size, all: Size];
  before: Resources;
  after: Resources;
}

t.test('thousands of them', { timeout: FULL ? 7_200_000 : 170_000 }, async (t) => {
  const seen = await runJson<Seen>(fixture('many-workers.cjs'), { args: [String(ENDING), String(TERMINATED)] });
  t.comment(JSON.stringify(seen));
  const { codes, expected, allocated, inUse, sizes, before, after } = seen;
  t.same(
    Object.keys(codes).filter((outcome) => !/^(of itself|by process\.exit\(\)|after a wait): 0$|^(busy|waiting|notifying|blocked): 1$|^at any moment: [01]$/.test(outcome)),
    [],
    'each ends as it would have',
  );
  t.same([allocated, inUse], [expected, 0], 'what they have allocated stays, to the last object, and nothing of it is in use');
  t.equal(seen.waitFailures, 0);
  t.same(seen.statuses, [200], `all ${seen.answers} profiles could be had meanwhile`);
  // Fewer than before, where a worker of the beginning had not ended altogether.
  t.ok(after.files <= before.files && after.threads <= before.threads, `no file and no thread is left of them: ${after.files} of ${before.files}, ${after.threads} of ${before.threads}`);
  const [early, late] = sizes;
  t.ok(late.rss - early.rss < 128 * MEBIBYTE, `memory grows by ${((late.rss - early.rss) / MEBIBYTE).toFixed(1)} MiB`);
  for (const rows of ['buckets', 'frames', 'strings', 'stackNodes'] as const) {
    // They all run the same code: further samples are rarely of further functions.
    t.ok(late[rows] < 3 * early[rows], `${rows}: ${early[rows]} after a quarter of the workers, ${late[rows]} after all`);
  }
});

t.test('one that runs out of memory', async (t) => {
  const seen = await runJson<{ ended: Record<string, unknown[]>; allocated: number; inUse: number; heap: string }>(fixture('worker-oom.cjs'));
  t.equal(Object.keys(seen.ended).length, 5);
  for (const [how, ending] of Object.entries(seen.ended)) t.same(ending, ['ERR_WORKER_OUT_OF_MEMORY', 1], `${how}: ends alone, with the error of Node.js`);
  t.equal(seen.heap, 'running');
  t.ok(seen.allocated > 50 * MEBIBYTE, 'and what it has allocated stays in the profile');
  t.equal(seen.inUse, 0, 'none of it in use');
});
