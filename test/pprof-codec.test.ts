import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { checkValid, decode, encode, gunzip, gzip, type Init, type Int64, type Profile } from 'mprof/pprof';
import { columnsOf, randomFrom } from './helpers/columns';
import { goCheck, needsGo } from './helpers/go-tool';
import { writeProfile } from './helpers/write-profile';

// A profile as large as decode takes is seconds of work for a busy machine.
t.setTimeout(120_000);

/** A field of a message, as bytes: a number becomes a varint, anything else is preceded by its length. */
function field(number: number, value: bigint | string | readonly number[]): number[] {
  if (typeof value === 'bigint') return [...varint(BigInt(number << 3)), ...varint(BigInt.asUintN(64, value))];
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [...varint(BigInt((number << 3) | 2)), ...varint(BigInt(bytes.length)), ...bytes];
}

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

const TABLE = field(6, '');

/** A profile that uses every field of the format. */
const full: Profile = {
  sampleType: [
    { type: 1, unit: 2 },
    { type: 3, unit: 4 },
  ],
  sample: [
    { locationId: [1, 2], value: [1, -5], label: [{ key: 5, str: 0, num: -16, numUnit: 2 }] },
    { locationId: [2n ** 64n - 1n], value: [-(2n ** 63n), 2n ** 63n - 1n], label: [] },
  ],
  mapping: [
    {
      id: 7,
      memoryStart: 0xffffffff81000000n,
      memoryLimit: 2n ** 64n - 1n,
      fileOffset: 2n ** 53n,
      filename: 6,
      buildId: 1,
      hasFunctions: true,
      hasFilenames: false,
      hasLineNumbers: true,
      hasInlineFrames: true,
    },
  ],
  location: [
    { id: 1, mappingId: 7, address: 0xffffffff81000000n, line: [{ functionId: 9, line: 10, column: 3 }], isFolded: true },
    {
      id: 2,
      mappingId: 0,
      address: Number.MAX_SAFE_INTEGER,
      line: [
        { functionId: 9, line: -1, column: 0 },
        { functionId: 9, line: 2 ** 40, column: 1 },
      ],
      isFolded: false,
    },
    { id: 2n ** 64n - 1n, mappingId: 7, address: 0, line: [], isFolded: false },
  ],
  function: [{ id: 9, name: 1, systemName: 2, filename: 3, startLine: -(2 ** 53 - 1) }],
  stringTable: ['', 'a', 'bytes', 'naïve 🐘', 'x'.repeat(300), 'k', '/app.js'],
  dropFrames: 1,
  keepFrames: 2,
  timeNanos: 1_700_000_000_123_456_789n,
  durationNanos: 10,
  periodType: { type: 0, unit: 0 },
  period: -1,
  comment: [1, 2],
  defaultSampleType: 3,
  docUrl: 4,
};

t.test('a profile survives encode and decode', async (t) => {
  t.strictSame(decode(encode(full)), full);
  t.strictSame(decode(gzip(encode(full))), full, 'gzipped');
  t.strictSame(decode(new Uint8Array(encode(full))), full, 'bytes that are not a Buffer');
  t.strictSame(encode(decode(encode(full))), encode(full));
  t.doesNotThrow(() => checkValid(full));
});

t.test('what is left out is 0, false or empty', async (t) => {
  const empty: Profile = {
    sampleType: [],
    sample: [],
    mapping: [],
    location: [],
    function: [],
    stringTable: [''],
    dropFrames: 0,
    keepFrames: 0,
    timeNanos: 0,
    durationNanos: 0,
    period: 0,
    comment: [],
    defaultSampleType: 0,
    docUrl: 0,
  };
  t.strictSame(decode(Uint8Array.from(TABLE)), empty);
  t.strictSame(encode(empty), Uint8Array.from(TABLE));
  t.strictSame(encode({ stringTable: [''] }), Uint8Array.from(TABLE));
  t.strictSame(decode(encode({ stringTable: [''], mapping: [{}], location: [{ line: [{}] }], sample: [{ label: [{}] }] })), {
    ...empty,
    mapping: [
      {
        id: 0,
        memoryStart: 0,
        memoryLimit: 0,
        fileOffset: 0,
        filename: 0,
        buildId: 0,
        hasFunctions: false,
        hasFilenames: false,
        hasLineNumbers: false,
        hasInlineFrames: false,
      },
    ],
    location: [{ id: 0, mappingId: 0, address: 0, line: [{ functionId: 0, line: 0, column: 0 }], isFolded: false }],
    sample: [{ locationId: [], value: [], label: [{ key: 0, str: 0, num: 0, numUnit: 0 }] }],
  });
});

t.test('other writers choose other encodings', async (t) => {
  const unpacked = [...field(1, 1n), ...field(1, 300n), ...field(2, -1n), ...field(2, 2n ** 62n)];
  const packed = [...field(1, [1, ...varint(300n)]), ...field(2, [...varint(2n ** 64n - 1n), ...varint(2n ** 62n)])];
  const expected = [{ locationId: [1, 300], value: [-1, 2n ** 62n], label: [] }];
  t.strictSame(decode(Uint8Array.from([...TABLE, ...field(2, unpacked)])).sample, expected, 'not packed');
  t.strictSame(decode(Uint8Array.from([...field(2, packed), ...TABLE])).sample, expected, 'packed, and before the strings');

  const fixed64 = [...varint((97n << 3n) | 1n), 1, 2, 3, 4, 5, 6, 7, 8];
  const unknown = [...field(99, 'new'), ...field(98, 5n), ...TABLE, ...fixed64];
  t.strictSame(encode(decode(Uint8Array.from(unknown))), Uint8Array.from(TABLE), 'fields of a later format are dropped');

  const numbers: [bytes: number[], value: Int64][] = [
    [[0], 0],
    [[0x80, 0], 0],
    [varint(2n ** 49n - 1n), 2 ** 49 - 1],
    [varint(2n ** 49n), 2 ** 49],
    [varint(2n ** 53n - 1n), 2 ** 53 - 1],
    [varint(2n ** 53n), 2n ** 53n],
    [varint(2n ** 63n - 1n), 2n ** 63n - 1n],
    [varint(BigInt.asUintN(64, -(2n ** 53n) + 1n)), -(2 ** 53) + 1],
    [varint(BigInt.asUintN(64, -(2n ** 53n))), -(2n ** 53n)],
    [varint(2n ** 63n), -(2n ** 63n)],
  ];
  for (const [bytes, value] of numbers) {
    t.equal(decode(Uint8Array.from([...TABLE, 0x60, ...bytes])).period, value, `int64 ${value}`);
  }
});

t.test('encode refuses what the format cannot hold', async (t) => {
  const refuses = (profile: unknown, code: string, message: RegExp): unknown =>
    t.throws(() => encode(profile as Init<Profile>), { code, message }, String(message));
  for (const profile of [undefined, null, 'profile']) {
    refuses(profile, 'ERR_MPROF_INVALID_ARG_TYPE', /"profile" argument/);
  }
  refuses({}, 'ERR_MPROF_INVALID_PROFILE', /"stringTable"/);
  refuses({ stringTable: ['a'] }, 'ERR_MPROF_INVALID_PROFILE', /"stringTable"/);
  refuses({ stringTable: [''], sample: [null] }, 'ERR_MPROF_INVALID_PROFILE', /shape/);
  for (const period of [0.5, NaN, Infinity, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n]) {
    refuses({ stringTable: [''], period }, 'ERR_MPROF_OUT_OF_RANGE', new RegExp(`not ${period}`));
  }
  for (const id of [-1, -1n, 2n ** 64n]) {
    refuses({ stringTable: [''], mapping: [{ id }] }, 'ERR_MPROF_OUT_OF_RANGE', new RegExp(`not ${id}`));
  }
  t.throws(() => encode({ stringTable: [''], period: 0.5 }), RangeError);
  t.throws(() => encode({}), TypeError);
});

t.test('encode repairs text that is not well-formed', async (t) => {
  t.strictSame(decode(encode({ stringTable: ['', 'a\ud800b', '\udc00'] })).stringTable, ['', 'a\ufffdb', '\ufffd']);
});

t.test('decode names what is wrong', async (t) => {
  const refuses = (bytes: unknown, code: string, message: RegExp): unknown =>
    t.throws(() => decode(bytes as Uint8Array), { code, message }, String(message));
  for (const bytes of [undefined, 'text', [1], new ArrayBuffer(1), new Uint16Array(1), { length: 1 }]) {
    refuses(bytes, 'ERR_MPROF_INVALID_ARG_TYPE', /"bytes" argument/);
  }
  const invalid = (bytes: ArrayLike<number>, message: RegExp): unknown =>
    refuses(Uint8Array.from(bytes), 'ERR_MPROF_INVALID_PROFILE', message);
  invalid([], /no string table/);
  invalid(gzip(new Uint8Array(0)), /no string table/);
  invalid(field(6, 'not empty'), /no string table/);
  invalid(Buffer.from('heap profile: 1: 2 [3: 4] @ heap/1048576\n'), /not a profile/);
  invalid([...TABLE, 0x60], /byte 3/);
  invalid([...TABLE, 0x60, 0x80, 0x80], /within a number at byte 5/);
  invalid([...TABLE, 0x60, ...Array(10).fill(0x80), 0], /longer than 64 bits/);
  invalid([...TABLE, 0x12, 5, 0x0a, 3, 1], /not a profile/);
  invalid([...TABLE, ...field(2, [0x0a, 3, 1, 1])], /within a number/);
  invalid([...TABLE, ...field(2, [0x0a, 2, 1, 0x80, 1])], /within a number/);
  invalid([...TABLE, ...field(6, [0xff, 0xfe])], /not a profile/);
  invalid([...TABLE, 0x0f], /invalid wire type 7/);
  t.throws(() => decode(new Uint8Array(0)), TypeError);
});

t.test('gzip', async (t) => {
  const bytes = encode(full);
  t.strictSame(new Uint8Array(gunzipSync(gzip(bytes))), bytes, 'zlib reads it');
  t.strictSame(gunzip(gzipSync(bytes)), bytes, 'reads what zlib writes');
  t.strictSame(gzip(bytes), gzip(bytes), 'the same bytes give the same result');
  t.strictSame([...gzip(bytes).subarray(4, 8)], [0, 0, 0, 0], 'it holds no time');
  t.strictSame(gunzip(gzip(new Uint8Array(0))), new Uint8Array(0));
  const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => i >> 7);
  t.ok(Buffer.from(large).equals(gunzip(gzip(large))), 'more than a chunk');

  const refuses = (bytes: Uint8Array, message: RegExp, code = 'ERR_MPROF_INVALID_PROFILE'): unknown =>
    t.throws(() => gunzip(bytes), { code, message }, String(message));
  const packed = gzip(bytes);
  refuses(bytes, /header/);
  refuses(new Uint8Array(0), /cut off/);
  for (const length of [1, 9, 10, 11, packed.length - 9, packed.length - 1]) {
    refuses(packed.subarray(0, length), /cut off/);
  }
  refuses(packed.with(packed.length - 8, packed.at(-8)! ^ 1), /data check/);
  refuses(packed.with(packed.length - 1, 1), /length check/);
  refuses(Buffer.concat([packed, packed]), /goes on behind its end/);
  refuses(Buffer.concat([packed, new Uint8Array(1)]), /goes on behind its end/);
  t.throws(() => decode(Buffer.concat([packed, packed])), { code: 'ERR_MPROF_INVALID_PROFILE' });
  for (const use of [gzip, gunzip]) {
    t.throws(() => use('text' as never), { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: /"bytes" argument/ });
  }
});

t.test('input made to exhaust memory is refused', async (t) => {
  const bomb = gzipSync(new Uint8Array(2 ** 26 + 1), { level: 1 });
  t.throws(() => gunzip(bomb), { code: 'ERR_MPROF_PROFILE_TOO_LARGE', name: 'RangeError' });
  const samples = new Uint8Array(10_000_000).map((_, i) => (i % 2 === 0 ? 0x12 : 0));
  t.throws(() => decode(samples), { code: 'ERR_MPROF_PROFILE_TOO_LARGE' }, 'empty messages');
  const packed = [...varint(2n ** 26n)];
  const numbers = new Uint8Array(2 ** 26 + 20).fill(1);
  numbers.set([0x12, ...varint(2n ** 26n + 5n), 0x0a, ...packed]);
  t.throws(() => decode(numbers), { code: 'ERR_MPROF_PROFILE_TOO_LARGE' }, 'numbers of one message');
});

t.test('damaged profiles give an error of ours or a profile', async (t) => {
  const random = randomFrom(1);
  const plain = encode(full);
  let refused = 0;
  let read = 0;
  for (let i = 0; i < 6000; i++) {
    const original = i % 4 === 0 ? gzip(plain) : plain;
    const bytes = original.slice(0, i % 3 === 0 ? Math.floor(random() * original.length) : undefined);
    for (let j = i % 5; j > 0; j--) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      const profile = decode(bytes);
      assert.deepStrictEqual(decode(encode(profile)), profile);
      read++;
    } catch (error) {
      refused++;
      if (!(error as { code?: string }).code?.startsWith('ERR_MPROF_')) throw error;
    }
  }
  t.ok(refused > 1000 && read > 1000, `${refused} refused, ${read} read`);
});

t.test('checkValid', async (t) => {
  const breaks = (change: (profile: Profile) => void, message: RegExp): void => {
    const profile = structuredClone(full);
    change(profile);
    t.throws(() => checkValid(profile), { code: 'ERR_MPROF_INVALID_PROFILE', message }, String(message));
  };
  breaks((p) => (p.stringTable[0] = 'a'), /first string/);
  breaks((p) => (p.sampleType = []), /no sample types/);
  breaks((p) => p.sample[1]!.value.push(1), /sample 1 has 3 values, not 2/);
  breaks((p) => p.sample[0]!.locationId.push(99), /location 99/);
  breaks((p) => p.sample[0]!.locationId.push(0), /location 0/);
  breaks((p) => (p.location[0]!.mappingId = 3), /mapping 3/);
  breaks((p) => (p.location[0]!.line[0]!.functionId = 0), /location 1 is in function 0/);
  breaks((p) => (p.location[1]!.id = 1), /two locations have the id 1/);
  breaks((p) => (p.mapping[0]!.id = 0), /a mapping has the id 0/);
  breaks((p) => p.function.push(p.function[0]!), /two functions have the id 9/);
  const strings: ((profile: Profile) => void)[] = [
    (p) => (p.sampleType[0]!.type = 7),
    (p) => (p.sampleType[0]!.unit = -1),
    (p) => (p.periodType!.type = 7),
    (p) => (p.comment[1] = 7),
    (p) => (p.dropFrames = 7),
    (p) => (p.docUrl = 2n ** 60n),
    (p) => (p.mapping[0]!.filename = 7),
    (p) => (p.mapping[0]!.buildId = 7),
    (p) => (p.function[0]!.name = 7),
    (p) => (p.function[0]!.systemName = 7),
    (p) => (p.function[0]!.filename = 7),
    (p) => (p.sample[0]!.label[0]!.key = 7),
    (p) => (p.sample[0]!.label[0]!.str = 7),
    (p) => (p.sample[0]!.label[0]!.numUnit = 7),
  ];
  for (const change of strings) breaks(change, /is string (7|-1|1152921504606846976), but there are 7 strings/);
});

t.test('no setting of protobufjs is touched, and none matters', async (t) => {
  // CommonJS, so that it is the very copy that mprof uses.
  const protobuf: typeof import('protobufjs/minimal') = require('protobufjs/minimal');
  t.strictSame(Object.keys(protobuf.roots), []);
  const { Long } = protobuf.util;
  protobuf.util.Long = null as never;
  protobuf.configure();
  t.teardown(() => {
    protobuf.util.Long = Long;
    protobuf.configure();
  });
  t.strictSame(decode(encode(full)), full);
});

t.test('Go reads what encode writes', needsGo(), async (t) => {
  const columns = columnsOf([{ stack: [{ name: 'leaf' }, { name: 'root' }], values: [1, 2, 3, 4], bytes: 16 }]);
  const bytes = encode(decode(writeProfile(columns)));
  const { profiles } = await goCheck(bytes, gzip(bytes));
  t.strictSame(profiles[0], profiles[1]);
  t.match(profiles[0], { samples: 1, totals: [1, 2, 3, 4], flat: { leaf: [1, 2, 3, 4] }, bytes: { 16: [1, 2, 3, 4] } });
  await t.rejects(goCheck(encode({ ...decode(bytes), location: [] })), /nil location/, 'and refuses what checkValid does');
});
