import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import t from 'tap';
import { deltaProfile } from 'mprof';
import { decode } from 'mprof/pprof';
import { fixture, OWN_COLLECTIONS } from './helpers/child';
import { fetchFrom, type FetchOptions, type Reply } from './helpers/http-client';

/* The routes that tell what has happened since they were asked before, and windows without HTTP. */

let child: ChildProcess;
let ports: { port: number; control: number };

t.before(async () => {
  child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...OWN_COLLECTIONS, fixture('checklist-http.cjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  ports = JSON.parse((await createInterface(child.stdout!)[Symbol.asyncIterator]().next()).value);
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
});

const get = (path: string, options?: FetchOptions): Promise<Reply> => fetchFrom({ host: '127.0.0.1', port: ports.port }, `/debug/pprof/${path}`, options);
const order = (name: string): Promise<Reply> => fetchFrom({ host: '127.0.0.1', port: ports.control }, `/${name}`);

/** The sums over all stacks with this function, of its large objects; zeros where there is none. */
const valuesOf = (bytes: Uint8Array, name: string): number[] => sumsOf(bytes, name, (size) => size > 15_000);

/** The sums over stacks with this function, with such a numeric label if there is one, or NaN. */
function sumsOf(bytes: Uint8Array, name: string, fits = (_size: number): boolean => true): number[] {
  const { function: functions, location, sample, sampleType, stringTable } = decode(bytes);
  const wanted = new Set(functions.filter((fn) => stringTable[Number(fn.name)]!.endsWith(name)).map(({ id }) => id));
  const locations = new Set(location.filter(({ line }) => wanted.has(line[0]!.functionId)).map(({ id }) => id));
  return sample
    .filter(({ locationId, label }) => locationId.some((id) => locations.has(id)) && fits(Number(label[0]?.num)))
    .reduce((sums, { value }) => sums.map((sum, i) => sum + Number(value[i])), Array<number>(sampleType.length).fill(0));
}

t.test('delta_heap', async (t) => {
  await order('keep');
  const first = await get('delta_heap?gc=1');
  t.match(first, {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="heap.pprof.gz"', 'x-content-type-options': 'nosniff' },
  });
  const start = valuesOf(first.bytes, 'keep');
  t.ok(start[0]! >= 100 && start[2] === 100, `everything at first: ${start}`);
  t.match(valuesOf((await get('heap')).bytes, 'keep'), start, 'as in the heap profile');
  t.equal(decode(first.bytes).durationNanos, 0);

  const idle = valuesOf((await get('delta_heap')).bytes, 'keep');
  t.same(idle, [0, 0, start[2], start[3]], 'then nothing new, and what is in use');

  await order('keep');
  const head = await get('delta_heap?gc=1', { method: 'HEAD' });
  t.equal(head.bytes.length, 0);
  const more = valuesOf((await get('delta_heap?gc=1')).bytes, 'keep');
  t.same([more[0], more[2]], [100, 200], 'what is new, which nobody has been told by a HEAD request');

  await order('free');
  const freed = valuesOf((await get('delta_heap?gc=1')).bytes, 'keep');
  t.same(freed, [0, 0, 0, 0], 'what is gone is not there');
  t.same(decode((await get('delta_block')).bytes).sampleType.length, 2);
});

t.test('delta_block and delta_mutex', async (t) => {
  for (const [name, leaf] of [['block', 'waiter'], ['mutex', 'holder']] as const) {
    const told = async (): Promise<number[]> => sumsOf((await get(`delta_${name}`)).bytes, leaf);
    t.match(await told(), [Number, Number]);
    const before = sumsOf((await get(name)).bytes, leaf);
    await order('waits');
    t.equal((await get(`delta_${name}`, { method: 'HEAD' })).status, 200);
    const [contentions, delay] = await told();
    t.equal(contentions, 10, `${name}: what there has been since, which nobody has been told by a HEAD request`);
    t.ok(delay! >= 10 * 1e6, `${delay} ns`);
    t.same(await told(), [0, 0], 'then nothing new');
    await order('waits');
    await order('waits');
    const more = await told();
    t.equal(more[0], 20);
    const all = sumsOf((await get(name)).bytes, leaf);
    t.equal(all[0], before[0]! + 30, 'the profile itself adds up');
    // Each is rounded down.
    t.ok(Math.abs(all[1]! - before[1]! - delay! - more[1]!) <= 10, `delays: ${before[1]} + ${delay} + ${more[1]} = ${all[1]}`);
  }
});

t.test('nobody is told too little or too much', async (t) => {
  await get('delta_heap?gc=1');
  const told = await Promise.all(
    Array.from({ length: 8 }, async () => {
      await order('keep');
      return valuesOf((await get('delta_heap?gc=1')).bytes, 'keep');
    }),
  );
  t.ok(told.every(([objects]) => objects! >= 0), 'never negative');
  const total = told.reduce((sum, [objects]) => sum + objects!, 0);
  t.equal(total % 8, 0);
  t.ok(total >= 800, `all of it: ${total}`);
  t.same(valuesOf((await get('delta_heap?gc=1')).bytes, 'keep').slice(0, 2), [0, 0], 'and no more');
});

t.test('other parameters and methods', async (t) => {
  for (const path of ['delta_heap?debug=1', 'delta_mutex?seconds=x', 'delta_block?gc=x']) {
    t.match(await get(path), { status: 200, headers: { 'content-type': 'application/octet-stream' } }, path);
  }
  t.match(await get('delta_heap', { method: 'POST' }), { status: 405 });
  t.match(await get('delta_allocs'), { status: 404, text: 'Unknown profile\n' });
});

t.test('deltaProfile', async (t) => {
  const profile = decode(await deltaProfile('heap', { seconds: 0.05 }));
  t.ok(Number(profile.durationNanos) >= 49_000_000);
  t.equal(profile.sampleType.length, 4);
  const leave = new AbortController();
  const window = deltaProfile('block', { seconds: 60, signal: leave.signal });
  leave.abort();
  await t.rejects(window, { name: 'AbortError' });
  await t.rejects(deltaProfile('nope', { seconds: 1 }), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message: 'name must be the name of a profile, got "nope"' });
  await t.rejects(deltaProfile(1 as never, { seconds: 1 }), { name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE' });
  await t.rejects(deltaProfile('heap', { seconds: 0 }), { code: 'ERR_MPROF_OUT_OF_RANGE' });
});
