import t from 'tap';
import { fixture, runJson, UNOPTIMISED } from './helpers/child';

/*
 * What is recorded at rate 1, object by object. Sizes are those of 64-bit V8: a slot of an array, an object or a context
 * is 8 bytes, arrays have a header of 16 and strings too. Where they depend on V8's version, two sizes are compared that
 * differ in a known number of slots.
 */

interface Totals {
  allocObjects: number;
  allocBytes: number;
  inuseObjects: number;
  inuseBytes: number;
}
interface Brief extends Totals {
  names: string[];
  leaf: { fileName: string; line: number; column: number };
  size: number;
  rate: number;
}

const TIMES = 100;

t.test('objects are counted one by one, with their sizes', async (t) => {
  const { sites, overflowedSamples, unseenSamples } = await runJson<{
    sites: Record<string, Brief[]>;
    overflowedSamples: number;
    unseenSamples: number;
  }>(fixture('exact.cjs'), { flags: UNOPTIMISED });
  t.equal(unseenSamples, 0, 'nothing is missed');
  t.equal(overflowedSamples, 0, 'everything has its stack: the tables are far from full');
  const records = (site: string): Brief[] => sites[site] ?? [];
  /** The record of a site's objects of one size. */
  const ofSize = (site: string, size: number): Totals | undefined =>
    totals(records(site).filter((record) => record.size === size));
  /** Of all objects of a site. */
  const all = (site: string): Totals => totals(records(site));
  const counts = (site: string): number[] => [all(site).allocObjects, all(site).inuseObjects];

  t.test('every record adds up', async (t) => {
    for (const [site, rows] of Object.entries(sites)) {
      t.ok(rows.length > 0, `${site} is recorded`);
      for (const { size, rate, inuseObjects, inuseBytes } of rows) {
        t.equal(rate, 1, site);
        t.equal(size % 8, 0, `${site}: objects of one size`);
        t.equal(inuseBytes, inuseObjects * size, `${site}: bytes in use`);
      }
    }
  });

  t.test('kept and dropped', async (t) => {
    t.same(counts('array100'), [TIMES, TIMES], 'kept');
    t.same(counts('dropped'), [TIMES, 0], 'dropped');
    t.same(counts('droppedObjects'), [TIMES, 0], 'dropped objects');
    t.same(counts('everyThird'), [TIMES, 34], 'some are kept');
    t.equal(records('everyThird').length, 1, 'in one record, as they are of one size');
  });

  t.test('two sizes at one call stack are two records', async (t) => {
    const [small, large, ...more] = records('twoSizes').sort((a, b) => a.size - b.size);
    t.same(more, []);
    t.same(small?.names, large?.names);
    t.match(small, { allocObjects: TIMES / 2, inuseObjects: TIMES / 2 }, 'the small ones are kept');
    t.match(large, { allocObjects: TIMES / 2, inuseObjects: 0, inuseBytes: 0 }, 'the large ones are dropped');
    t.equal(large!.size - small!.size, 200 * 8);
  });

  t.test('arrays, objects and numbers', async (t) => {
    t.equal(all('array300').allocBytes - all('array100').allocBytes, TIMES * 200 * 8, 'array elements');
    t.ok(records('array100')[0]!.size > 100 * 8, 'an array counts with its elements');
    t.same(counts('object2'), [TIMES, TIMES]);
    t.equal(all('object4').allocBytes - all('object2').allocBytes, TIMES * 2 * 8, 'properties');
    t.same(ofSize('number', 16), { allocObjects: TIMES, allocBytes: TIMES * 16, inuseObjects: TIMES, inuseBytes: TIMES * 16 });
  });

  t.test('strings', async (t) => {
    const kept = (size: number): Totals => ({
      allocObjects: TIMES,
      allocBytes: TIMES * size,
      inuseObjects: TIMES,
      inuseBytes: TIMES * size,
    });
    const oneByte = 16 + 1000;
    const twoByte = 16 + 2 * 1000;
    // The map, hash and length, and both parts: no characters.
    const concatenation = 32;
    t.same(all('concatenated'), kept(concatenation), 'a concatenation has no characters of its own');
    t.same(ofSize('flattened', concatenation), kept(concatenation), 'a concatenation is made');
    t.same(ofSize('flattened', oneByte), kept(oneByte), 'and gets characters when one is looked at');
    t.same(all('flattened'), totals([kept(concatenation), kept(oneByte)]), 'nothing else');
    t.same(ofSize('joined', oneByte), kept(oneByte), 'one byte for each character');
    t.same(ofSize('joinedTwoByte', twoByte), kept(twoByte), 'two bytes for each character beyond Latin-1');
    t.equal(all('joined').inuseObjects, TIMES, 'what a join needs meanwhile is not kept');
    t.same(all('sliced'), kept(32), 'a slice has no characters of its own');
  });

  t.test('of typed arrays and Buffers only what is in the heap', async (t) => {
    t.same(all('outside100'), all('outside100000'), 'elements outside the heap do not count');
    t.same(all('buffer1000'), all('buffer100000'), 'nor do the bytes of a Buffer');
    t.ok(all('buffer100000').inuseBytes / TIMES < 400, 'the wrapper is small');
    t.equal(all('buffer100000').inuseObjects, 2 * TIMES, 'a Buffer and its ArrayBuffer');
    t.match(ofSize('inHeap', 16 + 8 * 8), { allocObjects: TIMES, inuseObjects: TIMES }, 'a few elements are in the heap');
  });

  t.test('closures, generators and promises', async (t) => {
    t.same(counts('captures1'), [2 * TIMES, 2 * TIMES], 'a closure and its context');
    t.same(counts('captures3'), [2 * TIMES, 2 * TIMES]);
    t.equal(all('captures3').allocBytes - all('captures1').allocBytes, TIMES * 2 * 8, 'variables in the context');
    t.same(counts('generator'), [2 * TIMES, 2 * TIMES], 'a generator and its registers');
    t.same(counts('promise'), [TIMES, TIMES]);
  });
});

t.test('stacks are cut at the root', async (t) => {
  const chain = (depth: number): string[] => ['leaf', ...Array.from({ length: depth + 1 }, () => 'recurse'), 'outermost'];
  const cut = (depth: number): string[] => chain(2000).slice(0, depth);
  // What follows outermost depends on how Node.js runs programs; enough of it to exceed 128 frames in the second case.
  const cases: Record<string, string[]> = {
    '3': chain(3),
    '125': chain(125),
    '126': cut(128),
    '500': cut(128),
    '500,1': ['leaf'],
    '500,5': cut(5),
    '200,256': chain(200),
    '1500,256': cut(256),
  };
  const program = { flags: UNOPTIMISED, args: Object.keys(cases) };
  const stacks = await runJson<Brief[][]>(fixture('deep.cjs'), program);
  for (const [i, [name, expected]] of Object.entries(cases).entries()) {
    const [stack, ...others] = stacks[i]!;
    t.same(others, [], `${name}: one stack`);
    t.equal(stack?.allocObjects, 10, `${name}: objects`);
    t.same(stack?.names.slice(0, expected.length), expected, `${name}: leaf-most frames`);
    const limit = Number(name.split(',')[1] ?? 128);
    if (expected.length === limit) t.equal(stack?.names.length, limit, `${name}: no more frames`);
    else t.ok(stack!.names.length > expected.length && stack!.names.length <= limit, `${name}: callers of outermost`);
  }
});

function totals(rows: Totals[]): Totals {
  const sum = (key: keyof Totals): number => rows.reduce((total, row) => total + row[key], 0);
  return {
    allocObjects: sum('allocObjects'),
    allocBytes: sum('allocBytes'),
    inuseObjects: sum('inuseObjects'),
    inuseBytes: sum('inuseBytes'),
  };
}
