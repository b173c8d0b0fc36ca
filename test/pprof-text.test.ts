import { readFileSync } from 'node:fs';
import t from 'tap';
import { writeHeapText, type HeapRecords, type TrailerLine } from '../dist/profiles/heap-text';
import { scaleHeapSample } from '../dist/pprof/scale';
import type { Symbols } from '../dist/pprof/columns';
import { finish } from '../dist/pprof/steps';
import { writeCountText } from '../dist/profiles/count-text';
import { columnsOf, randomFrom, type Frame } from './helpers/columns';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';
import { alignTabs, cellOf } from './helpers/tab-align';
import { writeProfile } from './helpers/write-profile';

const align = (lines: string[][]): string => alignTabs(lines.map((cells) => cells.map(cellOf)));
const heapText = (records: HeapRecords, trailer: readonly TrailerLine[]): string =>
  Buffer.concat(finish(writeHeapText(records, trailer))).toString();

t.test('alignTabs reproduces lines that Go printed', async (t) => {
  const blocks = readFileSync('test/fixtures/go-stack-lines.txt', 'utf8').trimEnd().split('\n\n');
  t.ok(blocks.length > 5);
  for (const block of blocks) {
    const cells = block.split('\n').map((line) => line.split(/\t+/));
    t.equal(align(cells), `${block}\n`);
  }
  const cells = blocks.flatMap((block) => [...block.split('\n').map((line) => line.split(/\t+/)), ['']]);
  t.equal(align(cells), `${blocks.join('\n\n')}\n\n`, 'a line without cells ends a block');
});

t.test('alignTabs', async (t) => {
  const aligns = (lines: string[][], expected: string): unknown => t.equal(align(lines), expected);
  aligns([], '');
  aligns([['a']], 'a\n');
  aligns([['a', 'b']], 'a\tb\n');
  aligns([['', '']], '\t\n');
  aligns([['1234567', 'b']], '1234567\tb\n');
  aligns([['12345678', 'b']], '12345678\tb\n');
  aligns([['12345678', 'b'], ['1234567', 'b']], '12345678\tb\n1234567\t\tb\n');
  aligns([['12345678', 'b'], ['x'], ['1', 'b']], '12345678\tb\nx\n1\tb\n');
  aligns([['1', '12345678', 'c'], ['1', 'b'], ['1', '2', 'c']], '1\t12345678\tc\n1\tb\n1\t2\tc\n');
  aligns([['äöüäöüä', 'b'], ['🐘🐘🐘🐘🐘🐘🐘', 'b']], 'äöüäöüä\tb\n🐘🐘🐘🐘🐘🐘🐘\tb\n');
  aligns([['🐘🐘🐘🐘🐘🐘🐘🐘', 'b'], ['1', 'b']], '🐘🐘🐘🐘🐘🐘🐘🐘\tb\n1\t\tb\n');
});

const kept: Frame = { name: 'keep', file: '/srv/app/keep.js', line: 12, column: 3 };
const dropped: Frame = { name: 'dropAllOfThem', file: '/srv/app/drop.js', line: 7, column: 1 };
const root: Frame = { name: '(anonymous)', file: '/srv/app/server.js', line: 1, column: 1 };

/** Records of the given stacks and numbers: in use, in bytes, allocated, in bytes. */
function recordsOf(rate: number, rows: readonly (readonly [Frame[], number, number, number, number])[]): HeapRecords {
  const { symbols, stack } = columnsOf(rows.map(([stack]) => ({ stack, values: [] })));
  const values = rows.flatMap(([, inuseObjects, inuseBytes, allocObjects, allocBytes]) => [allocObjects, allocBytes, inuseObjects, inuseBytes]);
  return { rate, symbols, stack, values: Float64Array.from(values) };
}

/** The lines of the first stack. */
function linesOf(symbols: Symbols): string {
  const text = Buffer.concat(finish(writeCountText('x', { symbols, stack: Uint32Array.of(0), values: Float64Array.of(1) }))).toString();
  return /^x profile: total 1\n1 @(?: 0x[0-9a-f]+)+\n((?:#.*\n)*)\n$/.exec(text)![1]!;
}

t.test('writeHeapText', async (t) => {
  const records = recordsOf(524288, [
    [[dropped, root], 0, 0, 50, 102400],
    [[kept, root], 100, 102400, 100, 102400],
    [[root], 1, 16, 2, 32],
    [[kept], 1, 16, 1, 16],
  ]);
  const hex = (frame: Frame, add = 0): string => {
    const { symbols } = columnsOf([{ stack: [frame], values: [] }]);
    return `0x${(symbols.frames.address[0]! + add).toString(16)}`;
  };
  t.equal(
    heapText(records, [
      ['Alloc', '7'],
      ['PauseNs', '[1 0]'],
    ]),
    [
      'heap profile: 102: 102432 [153: 204848] @ heap/1048576',
      `100: 102400 [100: 102400] @ ${hex(kept, 1)} ${hex(root, 1)}`,
      `#\t${hex(kept)}\tkeep+0x0\t/srv/app/keep.js:12`,
      `#\t${hex(root)}\t(anonymous)+0x0\t/srv/app/server.js:1`,
      '',
      `1: 16 [2: 32] @ ${hex(root, 1)}`,
      `#\t${hex(root)}\t(anonymous)+0x0\t/srv/app/server.js:1`,
      '',
      `1: 16 [1: 16] @ ${hex(kept, 1)}`,
      `#\t${hex(kept)}\tkeep+0x0\t/srv/app/keep.js:12`,
      '',
      `0: 0 [50: 102400] @ ${hex(dropped, 1)} ${hex(root, 1)}`,
      `#\t${hex(dropped)}\tdropAllOfThem+0x0\t/srv/app/drop.js:7`,
      `#\t${hex(root)}\t(anonymous)+0x0\t\t/srv/app/server.js:1`,
      '',
      '',
      '# runtime.MemStats',
      '# Alloc = 7',
      '# PauseNs = [1 0]',
      '',
    ].join('\n'),
  );
  const header = (records: HeapRecords): string => heapText(records, []).split('\n')[0]!;
  t.equal(header(recordsOf(1, [[[kept], 1, 16, 1, 16]])), 'heap profile: 1: 16 [1: 17] @ heap/2', 'never equal sums');
  t.equal(header(recordsOf(0, [])), 'heap profile: 0: 0 [0: 1] @ heap/0');
  t.equal(heapText(recordsOf(1, []), []), 'heap profile: 0: 0 [0: 1] @ heap/2\n\n# runtime.MemStats\n');
});

t.test('stacks of all kinds are aligned as Go aligns them', async (t) => {
  const random = randomFrom(3);
  const below = (limit: number): number => Math.floor(random() * limit);
  const name = (): string => ['', 'f', 'Ünï', '函数', '🐘🐘', 'e\u0301', 'a'.repeat(below(40))][below(7)]!;
  for (let i = 0; i < 500; i++) {
    const stack = Array.from({ length: 1 + below(30) }, (): Frame => ({ name: name(), file: ['', '/a.js', '/ä/🐘.js'][below(3)]!, line: below(1000), column: below(3) }));
    const { symbols } = columnsOf([{ stack, values: [] }]);
    // Addresses of all lengths.
    symbols.frames.address.forEach((address, row) => (symbols.frames.address[row] = Math.max(2, Math.floor(address / 2 ** (2 * below(24)) / 2) * 2)));
    const lines = Array.from(symbols.stacks.frames, (row, i) => {
      const { name, file = '', line } = stack[i]!;
      const cells = ['#', `0x${symbols.frames.address[row]!.toString(16)}`];
      return name === '' ? cells : [...cells, `${name}+0x0`, file === '' ? '?:0' : `${file}:${line}`];
    });
    t.equal(linesOf(symbols), align(lines));
  }
});

t.test('names that would break a line', async (t) => {
  const { symbols } = columnsOf([
    { stack: [{ name: 'a\tb\vc\fd\ne\rf', file: '/x\ny.js', line: 1 }, { name: 'native' }, { name: '' }], values: [] },
  ]);
  const [first, second, third] = Array.from(symbols.frames.address, (address) => `0x${address.toString(16)}`);
  t.equal(
    linesOf(symbols),
    `#\t${first}\ta b c d e f+0x0\t/x y.js:1\n#\t${second}\tnative+0x0\t?:0\n#\t${third}\n`,
  );
});

t.test('Go reads the text as it reads the protobuf', needsGo(), async (t) => {
  const random = randomFrom(5);
  const frames = Array.from({ length: 30 }, (_, i): Frame => ({ name: `f${i}`, file: '/a.js', line: i + 1, column: 1 }));
  const rows = Array.from({ length: 200 }, () => {
    const stack = Array.from({ length: 1 + Math.floor(random() * 20) }, () => frames[Math.floor(random() * 30)]!);
    const [size, allocated] = [Math.ceil(10 ** (random() * 7)), Math.ceil(random() * 1000)];
    const inuse = Math.floor(random() * allocated);
    return [stack, inuse, inuse * size, allocated, allocated * size] as [Frame[], number, number, number, number];
  });
  for (const rate of [1, 4096, 524288]) {
    const values = new Float64Array(rows.length * 4);
    rows.forEach(([, inuseObjects, inuseBytes, allocObjects, allocBytes], i) => {
      scaleHeapSample(allocObjects, allocBytes, rate, values, i * 4);
      scaleHeapSample(inuseObjects, inuseBytes, rate, values, i * 4 + 2);
    });
    const samples = rows.map(([stack, , , objects, bytes], i) => {
      return { stack, values: [...values.subarray(i * 4, i * 4 + 4)], bytes: bytes / objects };
    });
    const text = Buffer.from(heapText(recordsOf(rate, rows), [['Alloc', '1']]));
    const protobuf = writeProfile(columnsOf(samples, { period: rate }));
    const [fromText, fromProtobuf] = (await goCheck(text, protobuf)).profiles;
    for (const field of ['sampleTypes', 'period', 'periodType', 'samples', 'locations', 'totals', 'bytes'] as const) {
      t.strictSame(fromText![field], fromProtobuf![field], `${field} at rate ${rate}`);
    }
    const locations = async (profile: Uint8Array): Promise<string[]> => {
      const { stdout } = await goPprof(['-raw', '-symbolize=none'], profile);
      return Array.from(stdout.matchAll(/^ +\d+: (0x[0-9a-f]+) M=1/gm), ([, address]) => address!).sort();
    };
    t.strictSame(await locations(text), await locations(protobuf), 'the same addresses');
  }
});
