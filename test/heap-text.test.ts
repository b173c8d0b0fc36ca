import { join } from 'node:path';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { lookup, memProfile, start, stop } from 'mprof';
import { listen } from 'mprof/http';
import { closeServer } from './helpers/http-client';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';

/* The legacy text form of a heap profile taken at the default rate. The profile is stopped, so it can be read repeatedly. */

const RECORD = /^(\d+): (\d+) \[(\d+): (\d+)\] @((?: 0x[0-9a-f]+)+)$/;
const LINE = /^#\t0x([0-9a-f]+)\t+([^\t]+)\+0x0\t+([^\t]*):(\d+)$/;

const KEYS = [
  ...['Alloc', 'TotalAlloc', 'Sys', 'Lookups', 'Mallocs', 'Frees', 'HeapAlloc', 'HeapSys', 'HeapIdle', 'HeapInuse', 'HeapReleased'],
  ...['HeapObjects', 'Stack', 'MSpan', 'MCache', 'BuckHashSys', 'GCSys', 'OtherSys', 'NextGC', 'LastGC', 'PauseNs', 'PauseEnd', 'NumGC'],
  ...['NumForcedGC', 'GCCPUFraction', 'DebugGC', 'MaxRSS'],
];

const kept: unknown[] = [];

function keepLarge(): void {
  for (let i = 0; i < 20; i++) kept.push(new Array(100_000).fill(0));
}
function keepSmall(): void {
  for (let i = 0; i < 50_000; i++) kept.push({ i, list: [i] });
}
function drop(): void {
  for (let i = 0; i < 100; i++) new Array(50_000).fill(i).slice(1);
}

const readText = async (name: string): Promise<string> => Buffer.from(await lookup(name)!.toBuffer({ debug: 1 })).toString();

let text: string;

t.before(async () => {
  start();
  keepLarge();
  keepSmall();
  drop();
  memProfile({ gc: true });
  stop();
  text = await readText('heap');
});

t.test('records', async (t) => {
  const [header = '', ...lines] = text.slice(0, text.indexOf('\n\n\n# runtime.MemStats\n')).split('\n');
  t.match(header, /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/1048576$/);

  const records: { values: number[]; addresses: string[]; frames: RegExpExecArray[] }[] = [];
  let record = '';
  for (const line of [...lines, '']) {
    if (line !== '') {
      record += `${line}\n`;
      continue;
    }
    const [first = '', ...rest] = record.trimEnd().split('\n');
    const [, a, b, c, d, addresses = ''] = RECORD.exec(first) ?? [];
    const frames = rest.map((line) => LINE.exec(line));
    t.ok(addresses !== '' && frames.length > 0 && frames.every((frame) => frame !== null), `a record and its stack: ${first}`);
    records.push({
      values: [a, b, c, d].map(Number),
      addresses: addresses.trim().split(' '),
      frames: frames.flatMap((frame) => (frame === null ? [] : [frame])),
    });
    record = '';
  }

  const sums = [0, 1, 2, 3].map((i) => records.reduce((total, { values }) => total + values[i]!, 0));
  t.equal(header, `heap profile: ${sums[0]}: ${sums[1]} [${sums[2]}: ${sums[3]}] @ heap/1048576`, 'the header has the sums');
  const inUse = records.map(({ values }) => values[1]!);
  t.same(inUse, [...inUse].sort((a, b) => b - a), 'sorted by bytes in use');
  t.ok(inUse[0]! > 0 && inUse.at(-1) === 0, 'those of which nothing is left included');
  for (const { addresses, frames } of records) {
    // Listed are return addresses; lines have the address of the call.
    t.same(frames.map((frame) => BigInt(`0x${frame[1]!}`) + 1n), addresses.map(BigInt), 'one line for each address');
  }

  const structured = memProfile({ inuseZero: true }).map(({ stack, sampled }) => ({
    values: [sampled.inuseObjects, sampled.inuseBytes, sampled.allocObjects, sampled.allocBytes],
    stack: stack.map(({ functionName, fileName, line }) => [functionName, fileName || '?', line]),
  }));
  const listed = records.map(({ values, frames }) => ({
    values,
    stack: frames.map(([, , name, file, line]) => [name, file, Number(line)]),
  }));
  const sorted = (rows: object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
  t.same(sorted(listed), sorted(structured), 'they are the records, as they were sampled');
});

t.test('the trailer', async (t) => {
  t.equal(text.split('\n\n\n# runtime.MemStats\n').length, 2, 'two empty lines come before it');
  t.ok(text.endsWith('\n') && !text.endsWith('\n\n'), 'the last line ends');
  const lines = text.slice(text.indexOf('# runtime.MemStats\n')).trimEnd().split('\n').slice(1);
  const stats = Object.fromEntries(lines.map((line) => /^# (\w+) = (.*)$/.exec(line)!.slice(1) as [string, string]));
  t.same(Object.keys(stats), KEYS, 'every key of Go, in its order');

  for (const key of ['PauseNs', 'PauseEnd']) {
    t.match(stats[key], /^\[\d+( \d+){255}\]$/, `${key}: 256 numbers`);
  }
  for (const key of ['Stack', 'MSpan', 'MCache']) t.equal(stats[key], '0 / 0');
  t.equal(stats.DebugGC, 'false');
  const special = ['PauseNs', 'PauseEnd', 'Stack', 'MSpan', 'MCache', 'DebugGC', 'GCCPUFraction'];
  for (const key of KEYS.filter((key) => !special.includes(key))) t.match(stats[key], /^\d+$/, `${key}: a whole number`);

  for (const key of ['Alloc', 'Sys', 'HeapAlloc', 'HeapSys', 'HeapInuse', 'OtherSys', 'NumGC', 'NumForcedGC', 'MaxRSS']) {
    t.ok(Number(stats[key]) > 0, `${key} is known`);
  }
  t.equal(stats.Alloc, stats.HeapAlloc);
  t.equal(Number(stats.HeapSys), Number(stats.HeapIdle) + Number(stats.HeapInuse));
  const fraction = Number(stats.GCCPUFraction);
  t.ok(fraction > 0 && fraction < 1, `GCCPUFraction is ${fraction}`);
  const last = (Number(stats.NumGC) + 255) % 256;
  const ring = (key: string): bigint[] => stats[key]!.slice(1, -1).split(' ').map(BigInt);
  t.ok(ring('PauseNs')[last]! > 0n, 'the latest pause is where Go has it');
  t.equal(ring('PauseEnd')[last]!, BigInt(stats.LastGC!), 'and so is its end');
  t.ok(Math.abs(Number(BigInt(stats.LastGC!) / 1_000_000n) - Date.now()) < 600_000, 'in nanoseconds since 1970');
});

t.test('allocs and other values of debug', async (t) => {
  const withoutStats = (text: string): string => text.slice(0, text.indexOf('# runtime.MemStats'));
  t.equal(withoutStats(await readText('allocs')), withoutStats(text), 'allocs is the same');
  for (const debug of [2, -1]) {
    const other = Buffer.from(await lookup('heap')!.toBuffer({ debug })).toString();
    t.equal(withoutStats(other), withoutStats(text), `debug ${debug}`);
  }
});

t.test('go tool pprof reads the same from both forms', needsGo(), async (t) => {
  const server = await listen({ port: 0 });
  t.teardown(() => closeServer(server));
  if (!server.listening) await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debug/pprof/heap`;
  const directory = t.testdir();
  const files = [join(directory, 'protobuf.pb.gz'), join(directory, 'text.pb.gz')];
  await goPprof(['-proto', `-output=${files[0]}`], url);
  await goPprof(['-proto', `-output=${files[1]}`], `${url}?debug=1`);
  const { profiles } = await goCheck(...files.slice(0, 1));
  const { profiles: fromText } = await goCheck(...files.slice(1));
  /** Values by function, by the name of their type, as the order differs. */
  const table = ({ flat, sampleTypes }: (typeof profiles)[0]): object =>
    Object.fromEntries(
      Object.entries(flat)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, values]) => [name, Object.fromEntries(values.map((value, i) => [sampleTypes![i]!.type, value]).sort())]),
    );
  t.match(table(profiles[0]!), { keepLarge: {}, keepSmall: {} });
  t.same(table(fromText[0]!), table(profiles[0]!), 'four values for each function');
  t.equal(fromText[0]!.period, 524288);
});
