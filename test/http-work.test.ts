import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { deltaProfile, lookup, setMemProfileRate, start, stats, stop } from 'mprof';
import { createFetchHandler, createHandler } from 'mprof/http';
import { decode } from 'mprof/pprof';
import { compress } from '../dist/profiles/chunks';
import { closeServer, fetchPath, serve } from './helpers/http-client';

/* What becomes of work that nobody waits for any more. It is counted in slices, which are of about a millisecond each. */

const LEAVING = 200;
const kept: unknown[] = [];

/** A heap profile of many stacks, which stay as they are: the rest goes unsampled. */
t.before(async () => {
  start({ memProfileRate: 1 });
  for (let i = 0; i < 1500; i++) new Function('kept', `return function f${i}() { kept.push(new Array(20).fill(${i})); }`)(kept)();
  await lookup('heap')!.toBuffer({ gc: true });
  setMemProfileRate(0);
});
t.teardown(stop);

const slices = (): number => stats().encodingSlices;
const turn = (): Promise<void> => new Promise(setImmediate);

/** How many slices one profile takes. */
async function slicesOf(work: () => Promise<unknown>): Promise<number> {
  const before = slices();
  await work();
  return slices() - before;
}

t.test('profiles that are given up leave nothing to be done', async (t) => {
  const heap = lookup('heap')!;
  for (const options of [{}, { limited: true }, { debug: 1 }]) {
    const one = await slicesOf(() => heap.toBuffer(options));
    t.ok(one >= 3, `one takes ${one} slices`);
    const clients = Array.from({ length: LEAVING }, () => new AbortController());
    const settled = Promise.allSettled(clients.map(({ signal }) => heap.toBuffer({ ...options, signal })));
    await turn();
    for (const client of clients) client.abort(new Error('left'));
    t.match(await settled, Array(LEAVING).fill({ status: 'rejected', reason: { message: 'left' } }));
    const after = await slicesOf(() => heap.toBuffer(options));
    t.ok(after <= 10 * one, `the next one takes ${after}`);
  }
  await t.rejects(heap.toBuffer({ signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
  await t.rejects(heap.toBuffer({ signal: 1 as never }), { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'signal must be an AbortSignal, got 1' });
  await t.rejects(heap.delta({ seconds: 1, signal: {} as never }), { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'signal must be an AbortSignal, got an object' });
});

t.test('windows end while what was before them is still being read', async (t) => {
  const clients = Array.from({ length: LEAVING }, () => new AbortController());
  const windows = Promise.allSettled(clients.map(({ signal }) => deltaProfile('heap', { seconds: 60, signal })));
  const before = slices();
  for (const client of clients) client.abort(new Error('left'));
  t.match(await windows, Array(LEAVING).fill({ status: 'rejected', reason: { message: 'left' } }));
  await turn();
  await turn();
  t.equal(slices(), before, 'nothing is read for nobody');
});

t.test('compression is given up', async (t) => {
  const leave = new AbortController();
  const packed = compress([Buffer.alloc(2 ** 20, 'data')], leave.signal);
  leave.abort();
  await t.rejects(packed, { name: 'AbortError' });
  await t.rejects(compress([], leave.signal), { name: 'AbortError' });
});

t.test('clients of a handler of fetch requests', async (t) => {
  const handle = createFetchHandler({ maxSnapshots: 1000 });
  const get = (path: string, signal?: AbortSignal): Promise<Response> => handle(new Request(`http://localhost/debug/pprof/${path}`, { ...(signal && { signal }) }));
  for (const path of ['heap?full=1&debug=', 'allocs?debug=', 'delta_heap?x=', 'symbol?1+2+3+']) {
    const one = await slicesOf(() => get(`${path}0`));
    const leave = new AbortController();
    const many = Array.from({ length: LEAVING }, (_, i) => get(`${path}${i + 1}`, leave.signal));
    await turn();
    leave.abort();
    t.ok((await Promise.all(many)).every(({ status }) => status === 500), 'nobody is answered');
    const after = await slicesOf(async () => t.equal((await get(`${path}0`)).status, 200));
    t.ok(after <= 10 * Math.max(one, 2), `${path}: ${after} slices, ${one} before`);
  }
});

t.test('clients of a server', async (t) => {
  const handle = createHandler({ maxSnapshots: 1000 });
  const responses: ServerResponse[] = [];
  const server = await serve((req, res) => {
    responses.push(res);
    void handle(req, res);
  });
  t.teardown(() => closeServer(server));
  const one = await slicesOf(() => fetchPath(server, '/debug/pprof/heap?full=1'));
  responses.length = 0;
  const { port } = server.address() as AddressInfo;
  const clients = Array.from({ length: LEAVING }, (_, i): Socket => {
    const client = connect(port, '127.0.0.1').on('error', () => {});
    client.write(`GET /debug/pprof/heap?full=1&debug=${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return client;
  });
  while (responses.length < LEAVING) await turn();
  const closed = Promise.all(responses.filter((res) => !res.destroyed).map((res) => once(res, 'close')));
  for (const client of clients) client.destroy();
  await closed;
  const after = await slicesOf(async () => t.equal((await fetchPath(server, '/debug/pprof/heap?full=1')).status, 200));
  t.ok(after <= 10 * one, `the next one takes ${after} slices, ${one} before`);
});

t.test('what a client that left was not told is told to the next one', async (t) => {
  const handle = createFetchHandler();
  const get = async (signal?: AbortSignal): Promise<Response> => handle(new Request('http://localhost/debug/pprof/delta_heap?gc=1', { ...(signal && { signal }) }));
  const countOf = async (response: Response): Promise<number> => {
    const { function: functions, location, sample, stringTable } = decode(new Uint8Array(await response.arrayBuffer()));
    const wanted = new Set(functions.filter(({ name }) => stringTable[Number(name)] === 'untold').map(({ id }) => id));
    const locations = new Set(location.filter(({ line }) => wanted.has(line[0]!.functionId)).map(({ id }) => id));
    return sample.filter(({ locationId, label }) => locations.has(locationId[0]!) && Number(label[0]?.num) > 15_000).reduce((sum, { value }) => sum + Number(value[0]), 0);
  };
  await get();
  const allocate = new Function('kept', 'return function untold() { for (let i = 0; i < 10; i++) kept.push(new Array(2000).fill(0)); }')(kept) as () => void;
  setMemProfileRate(1);
  allocate();
  setMemProfileRate(0);
  let told: number | undefined;
  for (let turns = 0; turns < 40 && told === undefined; turns++) {
    const leave = new AbortController();
    const answer = get(leave.signal);
    for (let i = 0; i < turns; i++) await turn();
    leave.abort();
    if ((await answer).status === 200) {
      t.ok(turns > 3, 'the work takes some turns');
      told = await countOf(await answer);
    }
  }
  t.equal(told ?? (await countOf(await get())), 10, 'all of it, once');
});

t.test('a client that leaves while it is decided whether it may come in takes no place', async (t) => {
  let decide = (_: boolean): void => {};
  const handle = createFetchHandler({ maxSnapshots: 1, maxWindows: 1, authorize: () => new Promise<boolean>((resolve) => (decide = resolve)) });
  const ask = (path: string, signal?: AbortSignal): Promise<Response> => handle(new Request(`http://localhost/debug/pprof/${path}`, { ...(signal && { signal }) }));
  for (const path of ['heap', 'block?seconds=1', 'symbol']) {
    const leave = new AbortController();
    const left = ask(path, leave.signal);
    leave.abort();
    decide(true);
    t.equal((await left).status, 500);
    const next = ask(path);
    decide(true);
    const awake = setInterval(() => {}, 1000);
    t.equal((await next).status, 200, `${path}: there is room`);
    clearInterval(awake);
  }
});
