import assert from 'node:assert/strict';
import t from 'tap';
import { lookup, memProfile, setProfileLimits, start, stop } from 'mprof';
import { checkValid, decode, type Int64 } from 'mprof/pprof';
import { native } from '../dist/binding';
import { addOther, OTHER_ADDRESS } from '../dist/pprof/other-sample';
import { sortRows } from '../dist/pprof/sort-rows';
import { finish, type Steps } from '../dist/pprof/steps';
import { writeProfileChunks } from '../dist/profiles/write-profile';
import { encodeRows } from '../dist/profiles/encode-rows';
import type { Snapshot } from '../dist/profiles/profile';
import { ShownStacks } from '../dist/profiles/shown-stacks';
import { runInSlices, sliceStats } from '../dist/slices';
import { pruneSymbols } from '../dist/pprof/prune-symbols';
import { columnsOf, randomFrom, type Header, type Sample } from './helpers/columns';
import { checkFleetLimits, checkFleetRules, checkMonotone } from './helpers/fleet-rules';
import { goPprof, needsGo } from './helpers/go-tool';
import { writeProfile } from './helpers/write-profile';

/* How large profiles for collectors may be, what becomes of the rest, and that writing them holds nobody up. */

const DEFAULT = { samples: 16_000, bytes: 2 * 2 ** 20 };
t.afterEach(() => setProfileLimits(DEFAULT));

/** Writes samples as a collector gets them. */
function limited(samples: readonly Sample[], shown: ShownStacks, header: Header = {}): Uint8Array {
  const { symbols, ...rows } = columnsOf(samples, header);
  const snapshot: Snapshot = { rows: () => (function* () { return rows; })(), lookUp: (stack) => pruneSymbols(symbols, stack) };
  return Buffer.concat(finish(encodeRows(snapshot, rows, shown)));
}

interface Shown {
  values: Map<string, number[]>;
  totals: number[];
  other: number[] | undefined;
  comments: string[];
}

function read(bytes: Uint8Array): Shown {
  const profile = decode(bytes);
  checkValid(profile);
  const nameOf = new Map(profile.location.map(({ id, line }) => [id, profile.stringTable[Number(profile.function[Number(line[0]!.functionId) - 1]!.name)]!]));
  const values = new Map(profile.sample.map(({ locationId, value }) => [nameOf.get(locationId[0]!)!, value.map(Number)]));
  const totals = profile.sampleType.map((_, i) => profile.sample.reduce((sum, { value }) => sum + Number(value[i]), 0));
  return { values, totals, other: values.get('(other)'), comments: profile.comment.map((row) => profile.stringTable[Number(row)]!) };
}

function totalsOf(samples: readonly Sample[]): number[] {
  return [0, 1, 2, 3].map((i) => samples.reduce((sum, { values }) => sum + values[i]!, 0));
}

/** A process that goes on allocating: stacks of all sizes, of which new ones come and some grow. */
class Program {
  readonly samples: { stack: { name: string }[]; values: number[]; bytes: number; bucket: number }[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  run(stacks: number): Sample[] {
    for (let i = 0; i < stacks; i++) {
      const bucket = this.samples.length;
      this.samples.push({ stack: [{ name: `f${bucket}` }, { name: 'main' }], values: [0, 0, 0, 0], bytes: 16, bucket });
    }
    for (const sample of this.samples) {
      if (this.#random() < 0.5) this.#allocate(sample.bucket, Math.floor(1000 ** this.#random()), this.#random() < 0.5);
    }
    return this.#newestFirst();
  }

  allocate(bucket: number, objects: number, free: boolean): Sample[] {
    this.#allocate(bucket, objects, free);
    return this.#newestFirst();
  }

  #allocate(bucket: number, objects: number, free: boolean): void {
    const { values } = this.samples[bucket]!;
    values[0]! += objects;
    values[1]! += objects * 16;
    values[2] = free ? 0 : values[2]! + objects;
    values[3] = values[2]! * 16;
  }

  #newestFirst(): Sample[] {
    return this.samples.map((sample) => ({ ...sample, values: [...sample.values] })).reverse();
  }
}

t.test('what is shown is shown ever after, no counter falls, and everything adds up', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const limit = 16 + seed * 4;
    setProfileLimits({ samples: limit });
    const program = new Program(seed);
    const shown = new ShownStacks();
    let before: Uint8Array | undefined;
    let hidden = false;
    for (let round = 0; round < 40; round++) {
      const samples = program.run(round < 20 ? 5 : 0);
      const bytes = limited(samples, shown);
      const now = read(bytes);
      assert.ok(now.values.size <= limit, `${now.values.size} samples`);
      assert.deepEqual(now.totals, totalsOf(samples));
      if (before) {
        assert.deepEqual(checkMonotone(before, bytes), []);
        for (const name of read(before).values.keys()) assert.ok(now.values.has(name), `${name} is still shown`);
      }
      hidden ||= now.other !== undefined;
      before = bytes;
    }
    assert.ok(hidden, 'the limit was reached');
  }
  t.pass();
});

t.test('what becomes large later is shown from then on', async (t) => {
  setProfileLimits({ samples: 160 });
  const program = new Program(1);
  const shown = new ShownStacks();
  // 159 places beside (other): 139 for whatever comes first, 20 for what is large.
  const first = read(limited(program.run(300), shown));
  t.equal(first.values.size, 139 + 1);
  t.same(first.comments, ['161 samples more are counted under (other); full=1 shows them']);
  const share = ({ values }: Sample): number => Math.max(...values.map((value, i) => value / first.totals[i]!));
  const isShown = ({ stack }: Sample): boolean => first.values.has(stack[0]!.name);
  const smallest = Math.min(...program.samples.filter(isShown).map(share));
  const hidden = program.samples.filter((sample) => !isShown(sample));
  t.ok(hidden.every((sample) => share(sample) <= smallest), 'the largest shares of any column come first');

  const { bucket, values: old } = hidden[0]!;
  const name = `f${bucket}`;
  const [objects, space] = old as [number, number];
  // With 20 places left it takes more than 4 / 20 of a column.
  program.allocate(bucket, Math.floor(first.totals[0]! / 5), true);
  t.notOk(read(limited(program.samples.toReversed?.() ?? [...program.samples].reverse(), shown)).values.has(name), 'not yet large enough');
  const before = read(limited(program.allocate(bucket, first.totals[0]!, true), shown));
  t.same(before.values.get(name), [0, 0, 0, 0], 'shown without what was counted before');
  const later = read(limited(program.allocate(bucket, 7, false), shown));
  t.same(later.values.get(name), [7, 112, 7, 112], 'and with what comes after');
  t.ok(later.other![1]! >= space + objects, 'the rest stays where it was');

  const newcomer = program.samples.length;
  program.run(1);
  const large = read(limited(program.allocate(newcomer, 10 * later.totals[0]!, false), shown));
  t.same(large.values.get(`f${newcomer}`), program.samples[newcomer]!.values, 'what is large at once is shown in full');
  // In use counts as well, and is shown in full at once.
  const inUse = hidden[1]!;
  program.samples[inUse.bucket]!.values = [inUse.values[0]!, inUse.values[1]!, 0, 10 * program.samples[newcomer]!.values[3]!];
  const shownInUse = read(limited([...program.samples].reverse(), shown));
  t.same(shownInUse.values.get(`f${inUse.bucket}`), [0, 0, 0, 10 * program.samples[newcomer]!.values[3]!]);
});

t.test('there is always room for what really matters', async (t) => {
  setProfileLimits({ samples: 800 });
  const program = new Program(2);
  const shown = new ShownStacks();
  program.run(2000);
  limited([...program.samples].reverse(), shown);
  // Of 100 places, those of 5 % and more get one as long as 80 are left; those of half of everything nearly for ever.
  for (let i = 0; i < 30; i++) {
    const bucket = program.samples.length;
    program.run(1);
    const [objects] = totalsOf(program.samples) as [number];
    const { values } = read(limited(program.allocate(bucket, i < 20 ? Math.ceil(objects / 15) : objects, true), shown));
    assert.ok(values.size <= 800);
    assert.ok(values.has(`f${bucket}`), `newcomer ${i} is shown`);
  }
  t.pass();
});

t.test('a profile that fits is left alone', async (t) => {
  const program = new Program(3);
  setProfileLimits({ samples: 1000 });
  const samples = program.run(800);
  const shown = new ShownStacks();
  t.same(Buffer.from(limited(samples, shown)), Buffer.from(writeProfile(columnsOf(samples))));
  const once = new ShownStacks({ once: true });
  const many = program.run(200);
  t.equal(read(limited(many, once)).other, undefined, 'one that is not compared with others may use all places');
  const more = read(limited(program.run(200), new ShownStacks({ once: true })));
  t.equal(more.values.size, 1000, 'and all of them when they do not suffice');
  t.ok(more.other);
});

t.test('the size in bytes', async (t) => {
  const stack = (i: number): Sample['stack'] => Array.from({ length: 40 }, (_, depth) => ({ name: `function${i}_${depth}`, file: `/srv/app/${i}.js` }));
  const samples = (count: number): Sample[] =>
    Array.from({ length: count }, (_, i) => ({ stack: stack(i), values: [i + 1, 16 * i + 16, 1, 16], bytes: 16, bucket: i })).reverse();
  setProfileLimits({ bytes: 100_000 });
  const shown = new ShownStacks();
  const few = limited(samples(20), shown);
  t.equal(read(few).other, undefined);
  const many = limited(samples(500), shown);
  t.ok(many.length <= 100_000 && many.length > 60_000, `${many.length} bytes`);
  t.same(read(many).totals, totalsOf(samples(500)));
  t.same(checkMonotone(few, many), [], 'those shown before are not given up');
  const again = limited(samples(600), shown);
  t.ok(again.length <= 100_000);
  t.same(checkMonotone(many, again), []);
  t.ok(limited(samples(500), new ShownStacks({ once: true })).length <= 100_000, 'nor is a profile that stands alone larger');
  setProfileLimits({ bytes: 1 });
  t.equal(read(limited(samples(5), new ShownStacks())).values.size, 1, 'where nothing fits, everything is other');
});

t.test('the defaults are what Pyroscope takes', async (t) => {
  const program = new Program(4);
  const bytes = limited(program.run(50_000), new ShownStacks());
  t.same(checkFleetRules(bytes, { kind: 'heap' }), []);
  t.same(checkFleetLimits(bytes), []);
  t.ok(decode(bytes).sample.length > 13_000);
  t.ok(checkFleetLimits(writeProfile(columnsOf([...program.samples]))).length > 0, 'which the whole profile exceeds');
});

t.test('negative values of a delta', async (t) => {
  setProfileLimits({ samples: 3 });
  const values = [5, -900, 1, 2, -3].map((value) => [value, value * 16, 0, 0]);
  const samples = values.map((values, i): Sample => ({ stack: [{ name: `f${i}` }], values }));
  const shown = read(limited(samples, new ShownStacks({ once: true })));
  t.same([...shown.values.keys()].sort(), ['(other)', 'f0', 'f1'], 'by their size');
  t.same(shown.totals, totalsOf(samples));
});

t.test('comments stay two', async (t) => {
  setProfileLimits({ samples: 2 });
  const comment = '3 samples more are counted under (other); full=1 shows them';
  const samples = Array.from({ length: 4 }, (_, i): Sample => ({ stack: [{ name: `f${i}` }], values: [1, 1, 1, 1] }));
  const commentsOf = (comments: string[]): string[] => read(limited(samples, new ShownStacks({ once: true }), { comments })).comments;
  t.same(commentsOf([]), [comment]);
  t.same(commentsOf(['a']), ['a', comment]);
  t.same(commentsOf(['a', 'b']), ['a', `b; ${comment}`]);
});

t.test('labels stay with their samples', async (t) => {
  setProfileLimits({ samples: 2 });
  const samples = [1, 5, 2].map((value, i): Sample => ({ stack: [{ name: `f${i}` }], values: [value, value, 0, 0] }));
  const labels = { sets: [{}, { route: '/a' }, { route: '/b' }], set: Uint32Array.of(1, 2, 1) };
  const profile = decode(limited(samples, new ShownStacks({ once: true }), { labels }));
  t.same(
    profile.sample.map(({ label }) => label.map(({ key, str }) => [profile.stringTable[Number(key)], profile.stringTable[Number(str)]])),
    [[['route', '/b']], []],
  );
});

t.test('(other) is known where addresses are looked up', async (t) => {
  const column = (): Uint32Array => new Uint32Array(1);
  const address = new Float64Array(1);
  native.copyFrames(Uint32Array.of(native.internFrame('(other)', '', 0, 0, 0)), 0, 1, column(), column(), column(), column(), column(), address);
  t.equal(address[0], OTHER_ADDRESS);
  const { symbols } = addOther(columnsOf([]), [1, 2, 3, 4]);
  t.equal(symbols.frames.address[0], OTHER_ADDRESS);
});

t.test('rows are sorted as by a stable sort', async (t) => {
  for (const count of [0, 1, 2, 127, 128, 129, 255, 256, 257, 1000, 5000]) {
    const random = randomFrom(count);
    const keys = Float64Array.from({ length: count }, () => Math.floor(random() * 50) - 10);
    const expected = Array.from(keys.keys()).sort((a, b) => keys[b]! - keys[a]! || a - b);
    assert.deepEqual([...finish(sortRows(keys))], expected, `${count} rows`);
  }
  t.pass();
});

function countSteps(steps: Steps<unknown>): number {
  let count = 0;
  while (!steps.next().done) count++;
  return count;
}

t.test('a large profile is written in many steps', async (t) => {
  const columns = columnsOf(new Program(5).run(20_000));
  const steps = countSteps(writeProfileChunks(columns));
  t.ok(steps >= 3 * Math.ceil(20_000 / 2048), `${steps} steps, for samples, frames and strings`);
  const chunks = finish(writeProfileChunks(columns));
  t.ok(chunks.length > 2 && chunks.every(({ length }) => length < 2 ** 19), 'and in chunks that are copied soon');
  t.same(decode(Buffer.concat(chunks)).sample.length, 20_000);
});

t.test('slices of all work take turns with everything else', async (t) => {
  const done: string[] = [];
  function* work(name: string, steps: number, millis: number): Steps<string> {
    for (let i = 0; i < steps; i++) {
      const end = performance.now() + millis;
      while (performance.now() < end);
      yield;
    }
    done.push(name);
    return name;
  }
  function* failing(): Steps<never> {
    yield;
    throw new Error('expected');
  }
  const before = sliceStats().encodingSlices;
  let turns = 0;
  const count = (): void => {
    turns++;
    if (done.length < 2) setImmediate(count);
  };
  setImmediate(count);
  const [first, failed, second] = await Promise.allSettled([
    runInSlices(work('first', 40, 1)),
    runInSlices(failing()),
    runInSlices(work('second', 40, 1)),
  ]);
  t.match([first, failed, second], [{ value: 'first' }, { reason: { message: 'expected' } }, { value: 'second' }]);
  t.same(done, ['first', 'second'], 'one after the other');
  const slices = sliceStats().encodingSlices - before;
  // 80 steps of a millisecond each make a slice each.
  t.ok(slices >= 79, `${slices} slices`);
  const { longestEncodingNanos: longest, longestEncodingCpuNanos: longestCpu } = sliceStats();
  t.ok(longest >= 1e6, `and the longest is known, ${longest} ns`);
  // The clocks are read one after the other.
  t.ok(longestCpu > 0 && longestCpu <= longest + 1e6, `and how much CPU time one took at most, ${longestCpu} ns`);
  t.ok(turns >= slices - 1, 'one in each turn of the event loop');
});

t.test('work is dropped when its signal aborts', async (t) => {
  const done: string[] = [];
  function* work(name: string, steps: number): Steps<string> {
    try {
      for (let i = 0; i < steps; i++) {
        const end = performance.now() + 1;
        while (performance.now() < end);
        yield;
      }
      done.push(name);
    } finally {
      done.push(`end of ${name}`);
    }
    return name;
  }
  const reason = new Error('enough');
  const [first, second] = [new AbortController(), new AbortController()];
  const before = sliceStats().encodingSlices;
  const results = Promise.allSettled([
    runInSlices(work('first', 1000), first.signal),
    runInSlices(work('second', 1000), second.signal),
    runInSlices(work('third', 3), new AbortController().signal),
    runInSlices(work('fourth', 1000), first.signal),
    runInSlices(work('fifth', 1), AbortSignal.abort(reason)),
  ]);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  first.abort(reason);
  t.same(done, ['end of first'], 'at once; what had not begun has nothing to end');
  second.abort(reason);
  const left = { status: 'rejected', reason };
  t.strictSame(await results, [left, left, { status: 'fulfilled', value: 'third' }, left, left]);
  t.same(done, ['end of first', 'third', 'end of third']);
  const slices = sliceStats().encodingSlices - before;
  t.ok(slices <= 10, `${slices} slices`);
  const alone = new AbortController();
  const dropped = runInSlices(work('alone', 3), alone.signal);
  alone.abort(reason);
  await t.rejects(dropped, reason);
  t.equal(await runInSlices(work('next', 3)), 'next', 'and others are done after nothing was left');
});

t.test('a profile is as of the call, however long it takes to write', async (t) => {
  start({ memProfileRate: 1 });
  t.teardown(stop);
  const kept: unknown[] = [];
  function makeForTest(): void {
    kept.push(new Array(100).fill(0.5));
  }
  const inProtobuf = (bytes: Uint8Array): number => {
    const { sample, location, function: functions, stringTable } = decode(bytes);
    const nameOf = (id: Int64): string => stringTable[Number(functions[Number(location[Number(id) - 1]!.line[0]!.functionId) - 1]!.name)]!;
    return sample.filter(({ locationId }) => nameOf(locationId[0]!) === 'makeForTest').reduce((sum, { value }) => sum + Number(value[1]), 0);
  };
  const inText = (text: Uint8Array): number =>
    [...Buffer.from(text).toString().matchAll(/\[\d+: (\d+)\] @[^\n]*\n#\t\w+\tmakeForTest\+/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  for (let i = 0; i < 100; i++) makeForTest();
  memProfile({ gc: true });
  const pending = Promise.all([lookup('heap')!.toBuffer(), lookup('heap')!.toBuffer({ limited: true }), lookup('heap')!.toBuffer({ debug: 1 })]);
  for (let i = 0; i < 1000; i++) makeForTest();
  memProfile({ gc: true });
  const [full, short, text] = await pending;
  // Each array has at least 800 bytes; optimised code is charged to its callers.
  const early = inProtobuf(full);
  t.ok(early >= 80_000 && early < 160_000, `${early} bytes`);
  t.equal(inProtobuf(short), early);
  t.equal(inText(text), early);
  t.ok(inProtobuf(await lookup('heap')!.toBuffer()) > early, 'there was more to see');
});

t.test('limited profiles and texts of this process', needsGo(), async (t) => {
  setProfileLimits({ samples: 20 });
  for (const name of ['heap', 'allocs']) {
    const profile = lookup(name)!;
    const [full, short, text] = await Promise.all([
      profile.toBuffer(),
      profile.toBuffer({ limited: true }),
      profile.toBuffer({ limited: true, debug: 1 }),
    ]);
    t.equal(decode(full).sample.length > 20, true);
    t.ok(decode(short).sample.length <= 20);
    t.same(read(short).totals, read(full).totals, 'the same in all columns');
    const total = async (bytes: Uint8Array): Promise<string> =>
      /of (\S+) total/.exec((await goPprof(['-top', '-sample_index=alloc_space', '-unit=B', '-symbolize=none'], bytes)).stdout)![1]!;
    t.equal(await total(text), await total(full), 'and in the text');
    t.match(Buffer.from(text).toString(), /^#\t0xd274f9197e9e\t\(other\)\+0x0\t\?:0$/m);
  }
});

t.test('limits are checked', async (t) => {
  const bad = (limits: unknown, error: { code: string; message: string | RegExp }): unknown => t.throws(() => setProfileLimits(limits as object), error);
  bad(5, { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'limits must be an object, got 5' });
  for (const samples of [0, -1, 1.5, NaN, 2 ** 31]) bad({ samples }, { code: 'ERR_MPROF_OUT_OF_RANGE', message: /^samples must be an integer/ });
  bad({ bytes: '5' }, { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'bytes must be an integer, got "5"' });
  await t.rejects(lookup('heap')!.toBuffer({ limited: 1 as unknown as boolean }), { message: 'limited must be a boolean, got 1' });
  await t.rejects(lookup('heap')!.delta({ seconds: 1, limited: 1 as unknown as boolean }), { message: 'limited must be a boolean, got 1' });
});
