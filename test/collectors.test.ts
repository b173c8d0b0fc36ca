import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { decode, type Profile } from 'mprof/pprof';
import { fixture } from './helpers/child';
import { alloy, DEFAULT_PATHS, fetchAs, parca } from './helpers/collectors';

/* Two collectors at a service under load, in which there are more and more stacks than fit their profiles. */

const SECONDS = Number(process.env.MPROF_TEST_SECONDS ?? 12);
const LIMIT = 150;
/** Seconds from one scrape to the next: where there is time for several, those of the collectors' own defaults. */
const INTERVALS = SECONDS >= 60 ? { alloy: 15, parca: 10 } : { alloy: 0.7, parca: 1 };

t.setTimeout((SECONDS + 60) * 1000);

async function startService(): Promise<{ child: ChildProcess; base: string }> {
  const args = ['-u', 'NODE_OPTIONS', process.execPath, fixture('fleet-service.cjs'), String(LIMIT)];
  const child = spawn('env', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, base: `http://127.0.0.1:${port}` };
}

function totals({ sampleType, sample }: Profile): number[] {
  return sampleType.map((_, i) => sample.reduce((sum, { value }) => sum + Number(value[i]), 0));
}

t.test('Alloy and Parca take every profile of a service under load', async (t) => {
  const { child, base } = await startService();
  t.teardown(() => child.kill());
  const end = AbortSignal.timeout(SECONDS * 1000);
  const collectors = [alloy(base, DEFAULT_PATHS), parca(base, [...DEFAULT_PATHS, 'heap'])];
  await Promise.all([collectors[0]!.run(INTERVALS.alloy, end), collectors[1]!.run(INTERVALS.parca, end)]);
  for (const { scrapes, errors } of collectors) {
    t.same(errors.slice(0, 10), [], 'nothing is refused, and nothing falls');
    t.ok([...scrapes.values()].every((count) => count >= Math.min(4, SECONDS / 3)), `scrapes: ${JSON.stringify([...scrapes])}`);
  }

  child.send('quiet');
  const [{ made, buckets }] = (await once(child, 'message')) as [{ made: number; buckets: number }];
  t.ok(made > 2 * LIMIT && buckets > 2 * LIMIT, `${made} handlers, ${buckets} buckets`);
  for (const path of ['heap', 'allocs', 'block', 'mutex']) {
    const read = async (query: string): Promise<Profile> => decode((await fetchAs('test', `${base}/debug/pprof/${path}${query}`, 10_000)).body);
    const [short, full] = [await read(''), await read('?full=1')];
    t.same(totals(short), totals(full), `${path}: all columns add up to what they do without a limit`);
    t.ok(full.sample.length > LIMIT && short.sample.length <= LIMIT, `${path}: ${short.sample.length} samples of ${full.sample.length}`);
    const comments = short.comment.map((row) => short.stringTable[Number(row)]);
    t.match(comments.at(-1), /\d+ samples more are counted under \(other\); full=1 shows them$/);
  }
  const delta = await fetchAs('test', `${base}/debug/pprof/allocs?seconds=1`, 10_000);
  t.equal(delta.status, 200);
  t.ok(decode(delta.body).sample.length <= LIMIT);
});
