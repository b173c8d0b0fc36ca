import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { deltaProfile, lookup, memProfile, newProfile, setMemProfileRate, start, stats, stop, type ProfileOptions } from 'mprof';
import { createFetchHandler, createHandler } from 'mprof/http';
import { decode } from 'mprof/pprof';
import { compress } from '../dist/profiles/chunks';
import { closeServer, fetchPath, serve, words } from './helpers/http-client';

/*
 * What becomes of work that nobody waits for any more, and of work that several wait for. It is counted in slices, which are
 * of about a millisecond each.
 */

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

t.test('requests for the same profile share the work', async (t) => {
  const heap = lookup('heap')!;
  const { toBuffer } = heap;
  t.teardown(() => Object.assign(heap, { toBuffer }));
  const calls: { options: ProfileOptions; answer(bytes: Uint8Array): void; fail(error: Error): void }[] = [];
  heap.toBuffer = (options = {}) => new Promise((answer, fail) => calls.push({ options, answer, fail }));
  const handle = createFetchHandler({ maxSnapshots: 1000 });
  const get = async (path: string, signal?: AbortSignal): Promise<string> => {
    const response = await handle(new Request(`http://localhost/debug/pprof/${path}`, { ...(signal && { signal }) }));
    return `${response.status} ${await response.text()}`;
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await turn();
  };

  const first = get('heap');
  await settle();
  const others = Array.from({ length: 50 }, () => get('heap'));
  const different = words('heap?full=1 heap?gc=1 heap?debug=1 heap?thread=0').map((path) => get(path));
  await settle();
  t.match(calls.map(({ options }) => options), [{}, { full: true }, { gc: true }, { debug: 1 }, { thread: 0 }], 'one of each kind is under way');
  calls[0]!.answer(Buffer.from('first'));
  t.equal(await first, '200 first');
  await settle();
  t.equal(calls.length, 6, 'those who came later share another one');
  for (const call of calls.slice(1, 5)) call.answer(Buffer.from('different'));
  t.same(await Promise.all(different), Array(4).fill('200 different'));
  calls[5]!.answer(Buffer.from('second'));
  t.same(await Promise.all(others), Array(50).fill('200 second'));

  const failing = [get('heap'), get('heap')];
  await settle();
  calls[6]!.fail(Object.assign(new Error('too large'), { code: 'ERR_MPROF_HEAP_TOO_LARGE' }));
  await failing[0];
  await settle();
  calls[7]!.answer(Buffer.from('after'));
  t.equal(await failing[1], '200 after', 'a failure is not passed on to those who have come later');

  const clients = [0, 1, 2, 3].map(() => new AbortController());
  const leaving = clients.slice(0, 1).map(({ signal }) => get('heap', signal));
  await settle();
  leaving.push(...clients.slice(1).map(({ signal }) => get('heap', signal)));
  await settle();
  clients[1]!.abort();
  t.match(await leaving[1], /^500/, 'who leaves is not kept');
  t.notOk(calls[8]!.options.signal!.aborted);
  clients[0]!.abort();
  t.ok(calls[8]!.options.signal!.aborted, 'the work ends when the last one has left');
  calls[8]!.fail(new Error('aborted'));
  await settle();
  clients[2]!.abort();
  t.notOk(calls[9]!.options.signal!.aborted, 'and not before');
  clients[3]!.abort();
  t.ok(calls[9]!.options.signal!.aborted);
  const next = get('heap');
  await settle();
  calls[9]!.fail(new Error('aborted'));
  await settle();
  calls[10]!.answer(Buffer.from('anew'));
  t.equal(await next, '200 anew', 'which is nothing to those who come now');
});

t.test('what is shared was taken after each request', async (t) => {
  const own = newProfile('shared');
  const handle = createFetchHandler();
  const get = async (): Promise<number> => {
    const { sample } = decode(new Uint8Array(await (await handle(new Request('http://localhost/debug/pprof/shared'))).arrayBuffer()));
    return sample.reduce((sum, { value }) => sum + Number(value[0]), 0);
  };
  const counts = [];
  for (let i = 1; i <= 10; i++) {
    own.add({});
    counts.push(get());
    await turn();
  }
  (await Promise.all(counts)).forEach((count, i) => t.ok(count > i, `${count} at request ${i + 1}`));
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
  // Where a collection has come before them, they are shown after the next one.
  memProfile({ gc: true });
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
