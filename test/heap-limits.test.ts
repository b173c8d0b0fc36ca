import t from 'tap';
import { fixture, OWN_COLLECTIONS, runJson, UNOPTIMISED } from './helpers/child';
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
    functions: number;
    more: number;
    bytes: number;
    first: Reading;
    second: Reading;
    heap: string;
  }
  const { functions, more, bytes, first, second, heap } = await runJson<Output>(fixture('overflow.cjs'), {
    flags: [...UNOPTIMISED, ...OWN_COLLECTIONS],
  });
  const sum = (a: Four, b: Four): number[] => a.map((value, i) => value + b[i]!);
  t.equal(first.tables.frames, 65536, 'all rows for frames are used');
  t.ok(first.overflow[0] > functions - 65536, 'some functions find none');
  t.same(sum(first.named, first.overflow), [functions, functions * bytes, functions / 2, (functions / 2) * bytes]);
  t.equal(first.overflowedSamples, first.overflow[0]);

  t.same(second.tables, first.tables, 'no table grows any more');
  t.same(second.named.slice(0, 2), first.named.slice(0, 2), 'what was allocated stays');
  t.same(second.named.slice(2), [0, 0], 'what was in use before the second start is given up');
  const added = second.overflow[0] - first.overflow[0];
  const addedBytes = second.overflow[1] - first.overflow[1];
  t.ok(added >= more && added < more + 100, `${added} objects more: those of ${more} functions, and a few of other stacks`);
  t.ok(addedBytes >= more * bytes && addedBytes < (more + 100) * bytes, `and ${addedBytes} bytes`);
  t.ok(second.overflow[2] >= more / 2 && second.overflow[2] < more / 2 + 100, `${second.overflow[2]} in use now`);

  await checkProtobuf(t, 'full', Buffer.from(heap, 'base64'), { huge: true });
});
