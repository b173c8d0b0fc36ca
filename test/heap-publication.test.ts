import t from 'tap';
import { fixture, knownFlags, MAJOR, OWN_COLLECTIONS, runJson, UNOPTIMISED } from './helpers/child';
import { checkProtobuf } from './helpers/check-protobuf';
import { goCheck, needsGo } from './helpers/go-tool';

/* When readers see what. */

type Pair = [objects: number, inUse: number];

t.test('readers see the heap as of the last collection', async (t) => {
  const { steps } = await runJson<{ steps: Record<string, Pair> }>(fixture('publication.cjs'), {
    flags: [...UNOPTIMISED, ...OWN_COLLECTIONS],
  });
  t.same(steps, {
    'before any collection': [10, 10],
    'again before any collection': [10, 10],
    'after the first': [15, 10],
    'dropped since': [15, 10],
    'after the second': [23, 10],
    'before a scavenge': [23, 10],
    'after a scavenge': [33, 14],
    'before gc: true': [33, 14],
    'gc: true': [36, 17],
    'seen by no reader': [36, 17],
    'born and dead between two collections': [38, 17],
    'all released': [38, 17],
    'all freed': [38, 0],
  });
  const unread = await runJson(fixture('publication.cjs'), { flags: [...UNOPTIMISED, ...OWN_COLLECTIONS], args: ['unread'] });
  t.same(unread, { steps: { 'first read after a collection': [10, 10], again: [10, 10] }, collections: 1 });
});

t.test('any sequence of steps', async (t) => {
  // Each version of Node.js takes others.
  const seeds = [10 * MAJOR, 10 * MAJOR + 1];
  for (const seed of seeds) {
    const { compared, starts, collections } = await runJson<{ compared: number; starts: number; collections: number }>(
      fixture('random-steps.cjs'),
      { flags: [...UNOPTIMISED, ...OWN_COLLECTIONS], args: [`${seed}`, '100'] },
    );
    t.ok(compared > 50 && starts > 1 && collections > 5, `seed ${seed} compares ${compared} counts with the model`);
  }
  for (const seed of seeds.slice(1)) {
    const { reads, scavenges } = await runJson<{ reads: number; scavenges: number }>(fixture('random-steps.cjs'), {
      flags: ['--expose-gc', '--max-semi-space-size=1', `--random-seed=${seed}`],
      args: [`${seed}`, '120', 'unpredicted'],
    });
    t.ok(reads > 10 && scavenges > 100, `seed ${seed} reads ${reads} times, while V8 collects ${scavenges} times`);
  }
});

t.test('100 objects of 1024 bytes kept, 50 of 2048 dropped', async (t) => {
  interface Output {
    records: { names: string[]; size: number; allocObjects: number; inuseObjects: number; inuseBytes: number }[];
    heap: string;
    allocs: string;
  }
  const expected = {
    keep: { size: 1024, allocObjects: 100, allocBytes: 102400, inuseObjects: 100, inuseBytes: 102400 },
    drop: { size: 2048, allocObjects: 50, allocBytes: 102400, inuseObjects: 0, inuseBytes: 0 },
  };
  const check = (flags: string, { records }: Output): void => {
    // Under some flags V8 has more to allocate for these functions, of other sizes.
    const [keep, drop, ...more] = Object.entries(expected).map(([name, { size }]) =>
      records.filter((record) => record.names[0] === name && record.size === size),
    );
    t.match({ keep, drop, more }, { keep: [expected.keep], drop: [expected.drop], more: [] }, flags);
    t.same([keep?.length, drop?.length], [1, 1], `${flags}: one record each`);
  };
  const plain = await runJson<Output>(fixture('kept-dropped.cjs'), { flags: UNOPTIMISED });
  check('no flags', plain);

  await t.test('in protobuf', async (t) => {
    for (const kind of ['heap', 'allocs'] as const) {
      const bytes = Buffer.from(plain[kind], 'base64');
      await checkProtobuf(t, kind, bytes, { kind });
      await t.test(`${kind}: the same numbers`, needsGo(), async (t) => {
        const { profiles } = await goCheck(bytes);
        // The program has made them twice, the first time without being watched.
        t.same(profiles[0]!.flat.keep, [100, 102400, 100, 102400]);
        t.same(profiles[0]!.flat.drop, [50, 102400, 0, 0]);
        t.equal(profiles[0]!.period, 1);
        t.match(profiles[0]!.bytes, { 1024: [], 2048: [] });
      });
    }
  });

  // gc: true works whatever the process was started with, and counts stay exact however V8 collects.
  const flags = await knownFlags([
    '--expose-gc',
    '--single-threaded-gc',
    '--jitless',
    '--stress-compaction',
    '--stress-scavenge=50',
    '--stress-marking=50',
    '--stress-incremental-marking',
    '--gc-interval=200',
    '--predictable-gc-schedule',
    '--minor-mc',
    '--minor-ms',
    '--optimize-for-size',
    '--always-sparkplug',
  ]);
  t.ok(flags.length > 8, `${flags}`);
  for (const flag of flags) check(flag, await runJson<Output>(fixture('kept-dropped.cjs'), { flags: ['--no-opt', flag] }));
});

t.test('before anything is sampled', async (t) => {
  const { heap, allocs, records } = await runJson<{ heap: string; allocs: string; records: unknown[] }>(fixture('empty.cjs'));
  t.same(records, []);
  await checkProtobuf(t, 'heap', Buffer.from(heap, 'base64'));
  await checkProtobuf(t, 'allocs', Buffer.from(allocs, 'base64'), { kind: 'allocs' });
});
