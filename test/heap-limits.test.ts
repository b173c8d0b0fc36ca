import t from 'tap';
import { fixture, FULL, MAJOR, OWN_COLLECTIONS, runJson, UNOPTIMISED } from './helpers/child';
import { checkProtobuf } from './helpers/check-protobuf';

/* That nothing is missed within the budget, and what happens when the tables are full. */

t.test('nothing is missed within the budget', async (t) => {
  interface Counters {
    collections: number;
    harvests: number;
    unseenSamples: number;
    skippedHarvests: number;
    observedShare: number;
    samples: number;
  }
  // With many samples a busy machine can need more than the default of 1 % for so short a program that does nothing but
  // make garbage; 10 % suffices anywhere.
  for (const [rate, collections, ...budget] of [
    [524288, 110],
    [32768, 200, 0.1],
  ] as const) {
    const counters = await runJson<Counters>(fixture('garbage.cjs'), { args: [rate, collections, ...budget].map(String) });
    t.ok(counters.collections > 100, `${rate}: ${counters.collections} collections`);
    t.ok(counters.samples > 200, `${rate}: ${counters.samples} samples`);
    t.match(counters, { unseenSamples: 0, skippedHarvests: 0, observedShare: 1, harvests: counters.collections }, `${rate}`);
  }
  // The same test can fail: with a hundred-thousandth of the time there is nothing but the advance for start-up.
  const starved = await runJson<Counters>(fixture('garbage.cjs'), {
    flags: ['--max-semi-space-size=1'],
    args: ['32768', '1500', '0.00001'],
  });
  t.ok(starved.skippedHarvests > 0 && starved.unseenSamples > 0 && starved.observedShare < 1, 'with too small a budget it is');
  t.equal(starved.harvests + starved.skippedHarvests, starved.collections);
});

t.test('full tables keep the totals', async (t) => {
  type Four = [allocObjects: number, allocBytes: number, inuseObjects: number, inuseBytes: number];
  interface Reading {
    named: Four;
    overflow: Four;
    tables: Record<string, number>;
    overflowedSamples: number;
  }
  interface Output {
    count: number;
    more: number;
    first: Reading;
    second: Reading;
    heap: string;
  }
  // The rows at which each table is full; one more for the bucket that is for the rest. That of strings has a limit in
  // bytes: 16 MiB, which are 4194 names of 4000.
  const limits = { frames: 65536, strings: undefined, buckets: 131072 + 1, stackNodes: 262144 };
  // Each of four versions of Node.js in turn fills another of them.
  const tables = Object.entries(limits).filter((_, i) => FULL || i === Math.floor(MAJOR / 2) % 4);
  for (const [table, limit] of tables) {
    await t.test(table, async (t) => {
      const { count, more, first, second, heap } = await runJson<Output>(fixture('overflow.cjs'), {
        flags: [...UNOPTIMISED, ...OWN_COLLECTIONS],
        args: [table],
      });
      // Of 64 bytes each, but for buckets, where as many are of 128, 256 and 512.
      const size = table === 'buckets' ? (64 + 128 + 256 + 512) / 4 : 64;
      /** What start() and stop() allocate themselves finds no place either. */
      const few = 200;
      const within = (actual: number, expected: number, what: string, most = few): void => {
        t.ok(actual >= expected && actual < expected + most, `${what}: ${actual}, at least ${expected}`);
      };
      if (limit !== undefined) t.equal(first.tables[table], limit, 'is full');
      t.ok(first.named[0] > 4000 && first.overflow[0] > 300, `${first.named[0]} objects have a record, ${first.overflow[0]} have none`);
      within(first.named[0] + first.overflow[0], count, 'objects in all');
      within(Math.floor((first.named[1] + first.overflow[1]) / size), count, 'and their bytes, of larger ones too', 2 * few);
      within(first.named[2] + first.overflow[2], count / 2, 'objects in use');
      t.equal(first.overflowedSamples, first.overflow[0], 'it is known how many have no record');

      t.equal(second.tables[table], first.tables[table], 'does not grow any more');
      if (table === 'frames') t.same(second.tables, first.tables, 'nor does any other for what has no room here');
      t.same(second.named.slice(0, 2), first.named.slice(0, 2), 'what was allocated stays');
      t.same(second.named.slice(2), [0, 0], 'what was in use before the second start is given up');
      within(second.overflow[0] - first.overflow[0], more, 'more objects');
      within(second.overflow[2], more / 2, 'of which are in use');
      if (table === 'frames') await checkProtobuf(t, 'full', Buffer.from(heap, 'base64'), { huge: true });
    });
  }
});

t.test('exporting leaves nothing behind', async (t) => {
  const rounds = await runJson<{ bytes: number; variance: number }[]>(fixture('exports.cjs'));
  // In the first rounds code is loaded, compiled and optimised. Between the third and the last there are 140 exports of at
  // least ten kilobytes each, and estimates whose errors are known.
  const [early, late] = [rounds[2], rounds[9]];
  const limit = 6 * Math.sqrt(early!.variance + late!.variance);
  t.ok(late!.bytes - early!.bytes < limit, `in use: ${early!.bytes}, later ${late!.bytes}, allowed ${Math.round(limit)} more`);
  t.ok(limit < 140 * 10_000, 'which would show if each left ten kilobytes');
});
