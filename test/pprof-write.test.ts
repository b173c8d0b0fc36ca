import assert from 'node:assert/strict';
import t from 'tap';
import { checkValid, decode, gzip, type Profile } from 'mprof/pprof';
import type { ProfileColumns } from '../dist/pprof/columns';
import { pruneSymbols } from '../dist/pprof/prune-symbols';
import { finish } from '../dist/pprof/steps';
import { objectsVariance, scaleHeapSample } from '../dist/pprof/scale';
import { BLOCK_TYPES, columnsOf, deltaOf, randomFrom, type Frame, type Sample } from './helpers/columns';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';
import { writeProfile } from './helpers/write-profile';

const leaf: Frame = { name: 'readRows', file: '/srv/app/rows.js', line: 10, column: 3 };
const method: Frame = { name: 'Router.go', file: '/srv/app/router.js', line: 7, column: 9 };
const root: Frame = { name: '(anonymous)', file: '/srv/app/server.js', line: 1, column: 1 };

/** The samples of a decoded profile, written out as they were given to columnsOf. */
function samplesOf(profile: Profile): Sample[] {
  const { stringTable, location, function: functions } = profile;
  return profile.sample.map(({ locationId, value, label }) => ({
    stack: locationId.map((id) => {
      const { line, column, functionId } = location[Number(id) - 1]!.line[0]!;
      const { name, filename } = functions[Number(functionId) - 1]!;
      return {
        name: stringTable[Number(name)]!,
        file: stringTable[Number(filename)]!,
        line: Number(line),
        column: Number(column),
      };
    }),
    values: value.map(Number),
    bytes: Number(label[0]?.num ?? 0),
  }));
}

t.test('writeProfile', async (t) => {
  const columns = columnsOf(
    [
      { stack: [leaf, root], values: [2, 200, 1, 100], bytes: 100 },
      { stack: [method, root], values: [0, 0, 0, 0] },
      { stack: [{ ...leaf, column: 40 }, { name: 'native' }], values: [-1, -(2 ** 53 - 1), 2 ** 53 - 1, 2 ** 32], bytes: 2 ** 33 },
    ],
    { comments: ['first', 'second'], defaultSampleType: 'alloc_space', durationNanos: 5_000_000_000n },
  );
  const bytes = writeProfile(columns);
  const profile = decode(bytes);
  t.doesNotThrow(() => checkValid(profile));
  t.strictSame(profile, {
    sampleType: [
      { type: 2, unit: 3 },
      { type: 4, unit: 5 },
      { type: 6, unit: 3 },
      { type: 7, unit: 5 },
    ],
    sample: [
      { locationId: [1, 2], value: [2, 200, 1, 100], label: [{ key: 5, str: 0, num: 100, numUnit: 0 }] },
      { locationId: [3, 2], value: [0, 0, 0, 0], label: [] },
      {
        locationId: [4, 5],
        value: [-1, -(2 ** 53 - 1), 2 ** 53 - 1, 2 ** 32],
        label: [{ key: 5, str: 0, num: 2 ** 33, numUnit: 0 }],
      },
    ],
    mapping: [
      {
        id: 1,
        memoryStart: 0,
        memoryLimit: 0,
        fileOffset: 0,
        filename: 8,
        buildId: 0,
        hasFunctions: true,
        hasFilenames: true,
        hasLineNumbers: true,
        hasInlineFrames: false,
      },
    ],
    location: [
      { id: 1, line: [{ functionId: 1, line: 10, column: 3 }] },
      { id: 2, line: [{ functionId: 2, line: 1, column: 1 }] },
      { id: 3, line: [{ functionId: 3, line: 7, column: 9 }] },
      { id: 4, line: [{ functionId: 1, line: 10, column: 40 }] },
      { id: 5, line: [{ functionId: 4, line: 0, column: 0 }] },
    ].map((location, i) => ({
      ...location,
      mappingId: 1,
      address: columns.symbols.frames.address[i],
      isFolded: false,
    })),
    function: [
      { id: 1, name: 12, systemName: 0, filename: 13, startLine: 10 },
      { id: 2, name: 14, systemName: 0, filename: 15, startLine: 1 },
      { id: 3, name: 16, systemName: 0, filename: 17, startLine: 7 },
      { id: 4, name: 18, systemName: 0, filename: 0, startLine: 0 },
    ],
    stringTable: [
      ...['', 'node.js', 'alloc_objects', 'count', 'alloc_space', 'bytes', 'inuse_objects', 'inuse_space'],
      ...['/srv/app/server.js', 'space', 'first', 'second'],
      ...[leaf.name, leaf.file!, root.name, root.file!, method.name, method.file!, 'native'],
    ],
    dropFrames: 0,
    keepFrames: 1,
    timeNanos: 1_700_000_000_123_456_789n,
    durationNanos: 5_000_000_000,
    periodType: { type: 9, unit: 5 },
    period: 524288,
    comment: [10, 11],
    defaultSampleType: 4,
    docUrl: 0,
  });
});

t.test('numbers that no 64 bits hold', async (t) => {
  const row = (...values: number[]): Sample => ({ stack: [root], values });
  const { sample } = decode(writeProfile(columnsOf([row(2 ** 62, -(2 ** 62), 2 ** 63, -(2 ** 63)), row(1e300, -Infinity, NaN, -0)])));
  t.strictSame(sample.map(({ value }) => value), [
    [2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n)],
    [2n ** 63n - 1n, -(2n ** 63n), 0, 0],
  ], 'become the nearest ones that do');
});

t.test('functions of many frames', async (t) => {
  // More than there are in a step, and each function's frames are far from each other.
  const functions = 3000;
  const samples = Array.from({ length: 3 * functions }, (_, i): Sample => ({
    stack: [{ name: `f${i % functions}`, file: `/srv/${i % 7}.js`, line: 1, column: i + 1 }],
    values: [1, 1, 1, 1],
  }));
  const profile = decode(writeProfile(columnsOf(samples)));
  t.doesNotThrow(() => checkValid(profile));
  t.strictSame(samplesOf(profile).map(({ stack }) => stack), samples.map(({ stack }) => stack));
  // 3000 and 7 have no common divisor: i % 3000 and i % 7 tell 9000 frames apart.
  t.equal(profile.function.length, 3 * functions);
  const fewer = decode(writeProfile(columnsOf(samples.map(({ stack: [frame], values }) => ({ stack: [{ ...frame!, file: '/a.js' }], values })))));
  t.equal(fewer.function.length, functions);
  t.strictSame(fewer.function.map(({ id }) => id), Array.from({ length: functions }, (_, i) => i + 1), 'in the order of their first frames');
  t.ok(fewer.location.every(({ line }, i) => line[0]!.functionId === (i % functions) + 1));
});

t.test('a profile without samples', async (t) => {
  const profile = decode(
    writeProfile(columnsOf([], { sampleTypes: BLOCK_TYPES, periodType: BLOCK_TYPES[0]!, period: 0, program: '' })),
  );
  t.doesNotThrow(() => checkValid(profile));
  t.match(profile, { sample: [], location: [], function: [], period: 0, durationNanos: 0, comment: [], defaultSampleType: 0 });
  t.strictSame(profile.stringTable, ['', 'node.js', 'contentions', 'count', 'delay', 'nanoseconds']);
});

/** Samples of all shapes: few and many frames, names of all alphabets, the extremes of the numbers. */
function randomSamples(random: () => number, largest: number): Sample[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const names = ['f', 'Ünï', '函数', '🐘', 'get [Symbol.iterator]', '<anonymous>', 'a'.repeat(200), 'Array<T>.map', '\0'];
  const frames = Array.from({ length: 1 + below(300) }, (): Frame => {
    const column = below(2) * below(200);
    return { name: names[below(names.length)]!, file: ['', '/a.js', '/ä.js'][below(3)]!, line: below(2 ** below(20)), column };
  });
  return Array.from({ length: below(200) }, (): Sample => ({
    stack: Array.from({ length: 1 + below(2 ** below(8)) }, () => frames[below(frames.length)]!),
    values: Array.from({ length: 4 }, () => Math.floor((random() - 0.5) * 2 * largest ** random()) + 0),
    bytes: below(2) * below(2 ** 40),
  }));
}

t.test('random columns come back from decode', async (t) => {
  for (let seed = 0; seed < 100; seed++) {
    const samples = randomSamples(randomFrom(seed), 2 ** 53 - 1);
    const profile = decode(writeProfile(columnsOf(samples)));
    checkValid(profile);
    assert.deepStrictEqual(samplesOf(profile), samples);
  }
  t.pass();
});

t.test('Go agrees on random columns', needsGo(), async (t) => {
  const all = Array.from({ length: 8 }, (_, seed) => randomSamples(randomFrom(seed), 2 ** 40));
  const { profiles, merged } = await goCheck(...all.map((samples) => writeProfile(columnsOf(samples))));
  const totals = (samples: readonly Sample[]): number[] =>
    [0, 1, 2, 3].map((column) => samples.reduce((sum, { values }) => sum + values[column]!, 0));
  for (const [i, samples] of all.entries()) {
    const { flat, bytes, ...summary } = profiles[i]!;
    t.match(summary, { samples: samples.length, mappings: 1, totals: totals(samples), files: ['/srv/app/server.js'] });
    for (const name of new Set(samples.map(({ stack }) => stack[0]!.name))) {
      t.strictSame(flat[name], totals(samples.filter(({ stack }) => stack[0]!.name === name)));
    }
    const withSize = samples.filter((sample) => sample.bytes! > 0);
    t.strictSame(new Set(Object.keys(bytes)), new Set(withSize.map((sample) => String(sample.bytes))));
  }
  t.strictSame(merged.totals, totals(all.flat()));
});

t.test('the Go tool shows it', needsGo(), async (t) => {
  const columns = columnsOf(
    [
      { stack: [{ name: '<anonymous>', file: '/srv/app/a.js', line: 3 }, root], values: [4, 4096, 2, 2048], bytes: 1024 },
      { stack: [{ name: 'Array<T>.map(x::y)' }, root], values: [1, 512, 1, 512], bytes: 512 },
    ],
    { comments: ['taken by hand'], defaultSampleType: 'alloc_space' },
  );
  const profile = gzip(writeProfile(columns));
  const top = await goPprof(['-top'], profile);
  t.equal(top.stderr, '');
  t.match(top.stdout, /^File: server\.js\ntaken by hand\nType: alloc_space\nTime: Nov 14, 2023/);
  t.match(top.stdout, / 4096B 88\.89% +<anonymous>\n/);
  t.match(top.stdout, / 512B 11\.11% +100% +512B 11\.11% +Array<T>\.map\(x::y\)\n/, 'names are left alone');
  const raw = await goPprof(['-raw'], profile);
  t.match(raw.stdout, /^PeriodType: space bytes\nPeriod: 524288\n/m);
  t.match(raw.stdout, 'alloc_objects/count alloc_space/bytes[dflt] inuse_objects/count inuse_space/bytes\n');
  t.match(raw.stdout, /^ +4 +4096 +2 +2048: 1 2 \n +bytes:\[1024\]$/m);
  t.match(raw.stdout, /^1: 0x0\/0x0\/0x0 \/srv\/app\/server\.js {2}\[FN\]\[FL\]\[LN\]$/m);
  const sum = await goPprof(['-top'], profile, profile);
  t.match(sum.stdout, / 8kB 88\.89% +<anonymous>\n/, 'two scrapes add up');
  for (const report of ['-traces', '-tags', '-peek=.', '-tree']) {
    t.match((await goPprof([report], profile)).stdout, report === '-tags' ? '1kB' : '<anonymous>', report);
  }
});

t.test('subtract', async (t) => {
  const before = columnsOf([
    { stack: [leaf, root], values: [10, 1000, 5, 500], bytes: 100, bucket: 7 },
    { stack: [method, root], values: [1, 10, 1, 10], bytes: 10, bucket: 3 },
  ]);
  const fresh: Frame = { name: 'fresh', file: '/srv/app/fresh.js', line: 2, column: 2 };
  const after = columnsOf(
    [
      { stack: [fresh, root], values: [1, 8, 0, 0], bytes: 8, bucket: 9 },
      { stack: [method, root], values: [1, 10, 1, 10], bytes: 10, bucket: 3 },
      { stack: [{ name: 'idle' }], values: [0, 0, 0, 0], bucket: 8 },
      { stack: [leaf, root], values: [11, 1100, 2, 200], bytes: 100, bucket: 7 },
    ],
    { timeNanos: before.timeNanos + 2_000_000_000n, defaultSampleType: 'alloc_space', comments: ['late'], period: 1 },
  );
  const delta = deltaOf(before, after);
  t.strictSame([...delta.bucket], [9, 7]);
  const profile = decode(writeProfile(delta));
  t.strictSame(samplesOf(profile), [
    { stack: [fresh, root], values: [1, 8, 0, 0], bytes: 8 },
    { stack: [leaf, root], values: [1, 100, -3, -300], bytes: 100 },
  ]);
  t.match(profile, { timeNanos: after.timeNanos, durationNanos: 2_000_000_000, defaultSampleType: 0, period: 1 });
  t.equal(profile.stringTable[Number(profile.comment[0])], 'late');
  t.notOk(profile.stringTable.includes(method.name), 'symbols of unchanged samples are left out');
  t.strictSame(deltaOf(after, after).symbols.strings.start, Uint32Array.of(0, 0), 'nothing changed');
  t.strictSame([...after.values.subarray(12)], [11, 1100, 2, 200], 'the columns given are left alone');
  t.notOk('bytesLabel' in deltaOf(withoutLabel(before), withoutLabel(after)));
});

function withoutLabel({ bytesLabel: _, ...columns }: ProfileColumns): ProfileColumns {
  return columns;
}

t.test('subtract is what Go makes of two profiles', needsGo(), async (t) => {
  const random = randomFrom(3);
  const samples = randomSamples(random, 1000);
  const before = columnsOf(samples);
  const after = columnsOf(
    samples.map(({ values, ...sample }) => ({ ...sample, values: values.map((v) => v + (random() < 0.3 ? 5 : 0)) })),
    { timeNanos: before.timeNanos + 1n },
  );
  const negated = { ...before, values: before.values.map((value) => -value) };
  const { merged } = await goCheck(writeProfile(negated), writeProfile(after));
  const { profiles } = await goCheck(writeProfile(deltaOf(before, after)));
  t.strictSame(profiles[0]!.totals, merged.totals);
  t.match(merged.flat, profiles[0]!.flat);
});

t.test('pruneSymbols keeps what is referred to', async (t) => {
  for (let seed = 0; seed < 50; seed++) {
    const random = randomFrom(seed);
    const columns = columnsOf(randomSamples(random, 100));
    const rows = columns.stack.map((_, row) => row).filter(() => random() < 0.2);
    const kept = {
      ...columns,
      bucket: rows.map((row) => columns.bucket[row]!),
      values: Float64Array.from([...rows].flatMap((row) => [...columns.values.subarray(row * 4, row * 4 + 4)])),
      bytesLabel: Float64Array.from(rows, (row) => columns.bytesLabel?.[row] ?? 0),
      stack: rows.map((row) => columns.stack[row]!),
    };
    const pruned = { ...kept, ...finish(pruneSymbols(kept.symbols, kept.stack)) };
    const [full, small] = [kept, pruned].map((columns) => decode(writeProfile(columns))) as [Profile, Profile];
    assert.deepStrictEqual(samplesOf(small), samplesOf(full));
    const used = new Set(small.sample.flatMap(({ locationId }) => locationId));
    assert.equal(small.location.length, used.size);
    const added = 9 + (kept.program === '' ? 0 : 1);
    const strings = new Set(small.function.flatMap(({ name, filename }) => [name, filename]).filter((row) => row !== 0));
    assert.equal(small.stringTable.length, added + strings.size);
  }
  t.pass();
});

t.test('scaleHeapSample', async (t) => {
  const scale = (count: number, size: number, rate: number): number[] => {
    const into = new Float64Array(4);
    scaleHeapSample(count, size, rate, into, 1);
    t.strictSame([into[0], into[3]], [0, 0], 'only its own two numbers are written');
    return [...into.subarray(1, 3)];
  };
  // Results of Go's own function.
  t.strictSame(scale(2, 200, 524288), [10486, 1048676]);
  t.strictSame(scale(1, 100, 524288), [5243, 524338]);
  t.strictSame(scale(0, 0, 524288), [0, 0]);
  t.strictSame(scale(3, 300, 1), [3, 300]);
  t.strictSame(scale(3, 300, 0), [3, 300]);
  t.strictSame(scale(-2, -200, 524288), [-10486, -1048676]);
  t.strictSame(scale(1, 2 ** 30, 524288), [1, 2 ** 30]);
});

t.test('the standard error is that of the sampling', async (t) => {
  const random = randomFrom(11);
  const [objects, size, rate, rounds] = [2000, 3000, 8192, 2000];
  const probability = -Math.expm1(-size / rate);
  let [sum, squares, predicted] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    let count = 0;
    for (let i = 0; i < objects; i++) if (random() < probability) count++;
    const error = count / probability - objects;
    sum += error;
    squares += error ** 2;
    predicted += objectsVariance(count, count * size, rate);
  }
  const actual = squares / rounds;
  // The variance of a variance over 2,000 rounds is 2/2000, so 4 of its standard deviations are 13 %.
  t.ok(Math.abs(predicted / rounds / actual - 1) < 0.13, `predicted ${predicted / rounds}, was ${actual}`);
  t.ok(Math.abs(sum / rounds) < (4 * Math.sqrt(actual)) / Math.sqrt(rounds), 'and the estimate is unbiased');

  t.equal(objectsVariance(5, 5000, 1), 0, 'nothing was left out');
  t.equal(objectsVariance(0, 0, 524288), 0);
  t.equal(objectsVariance(3, 3 * 2 ** 40, 524288), 0, 'too large to be missed');
  const p = 16 / 2 ** 40;
  t.ok(Math.abs(objectsVariance(1, 16, 2 ** 40) / ((1 - p) / p ** 2) - 1) < 1e-9, 'precise where 1 - exp() is not');
});
