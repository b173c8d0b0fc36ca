import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import t from 'tap';
import { lookup } from 'mprof';
import { createHandler, handler, listen } from 'mprof/http';
import { closeServer, fetchPath, serve, words } from './helpers/http-client';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

t.test('listen takes only usable options', async (t) => {
  for (const port of ['80', null, {}]) {
    await t.rejects(listen({ port: port as number }), {
      name: 'TypeError',
      code: 'ERR_MPROF_INVALID_ARG_TYPE',
      message: /^port must be/,
    });
  }
  for (const port of [-1, 65536, 1.5, NaN, Infinity]) {
    await t.rejects(listen({ port }), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message: /^port must be/ });
  }
  await t.rejects(listen(null as never), { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: /^options must be/ });
  await t.rejects(listen({ port: 0, host: 1 as unknown as string }), {
    code: 'ERR_MPROF_INVALID_ARG_TYPE',
    message: /^host must be/,
  });
  await t.rejects(listen({ port: 0, insecure: 1 as unknown as boolean }), {
    code: 'ERR_MPROF_INVALID_ARG_TYPE',
    message: /^insecure must be/,
  });
});

t.test('only loopback addresses without insecure: true', async (t) => {
  for (const host of [
    '',
    ...words('0.0.0.0 :: 10.0.0.1 128.0.0.1 127.1 [::1] localhost.example.com ::ffff:10.0.0.1'),
  ]) {
    await t.rejects(
      listen({ port: 0, host }),
      { name: 'Error', code: 'ERR_MPROF_INSECURE_ADDRESS', message: /^host must be a loopback address/ },
      host,
    );
  }
  for (const host of ['localhost', '127.0.0.2', '127.0.0.1']) {
    const server = await listen({ port: 0, host });
    t.equal((await fetchPath(server, '/debug/pprof/')).status, 200, host);
    await closeServer(server);
  }
  const open = await listen({ port: 0, host: '0.0.0.0', insecure: true });
  t.equal(
    (await fetchPath(open, '/debug/pprof/', { headers: { Host: 'app.example:6060' } })).status,
    200,
    'any Host header where any host may come',
  );
  await closeServer(open);
});

t.test('an address that is taken rejects', async (t) => {
  const server = await listen({ port: 0 });
  await t.rejects(listen({ port: portOf(server) }), { code: 'EADDRINUSE' });
  t.equal((await fetchPath(server, '/debug/pprof/')).status, 200, 'the first one goes on');
  await closeServer(server);
});

t.test('requests that a browser makes for another page are refused', async (t) => {
  const server = await listen({ port: 0 });
  t.teardown(() => closeServer(server));
  const own = `127.0.0.1:${portOf(server)}`;
  const status = async (headers: Record<string, string>): Promise<number> => {
    const reply = await fetchPath(server, '/debug/pprof/cmdline', { headers });
    if (reply.status !== 200)
      t.match(reply.headers, { 'content-type': 'text/plain; charset=utf-8', 'x-go-pprof': '1' });
    return reply.status;
  };
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '127.9.9.9:8080', '[::1]', '[::1]:6060']) {
    t.equal(await status({ Host: host }), 200, `Host: ${host}`);
  }
  for (const host of words(`evil.example localhost.evil.example 127.0.0.1.evil.example 10.0.0.1 ::1 [::2]:80
    [127.0.0.1] a@localhost`)) {
    t.equal(await status({ Host: host }), 403, `Host: ${host}`);
  }
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'file://']) {
    t.equal(await status({ Host: own, Origin: origin }), 403, `Origin: ${origin}`);
  }
  t.equal(await status({ Host: own, Origin: `http://${own}` }), 200, 'its own origin');
  t.equal(await status({ 'Sec-Fetch-Site': 'cross-site' }), 403, 'cross-site');
  for (const site of ['none', 'same-origin']) t.equal(await status({ 'Sec-Fetch-Site': site }), 200, site);
});

t.test('a handler among others', async (t) => {
  // The way Express, Connect and those who follow them call a middleware that is mounted under a path.
  const mounted = (mount: string) =>
    serve((req: IncomingMessage & { originalUrl?: string }, res) => {
      const rest = (req.url ?? '').slice(mount.length);
      req.originalUrl = req.url ?? '';
      req.url = rest.startsWith('/') ? rest : `/${rest}`;
      handler(req, res, () => res.writeHead(418).end());
    });
  for (const [mount, path, expected] of [
    ['', '/debug/pprof/heap', 200],
    ['', '/debug/pprof', '/debug/pprof/'],
    ['', '/other', 418],
    ['', '/x/debug/pprof/heap', 418],
    ['/debug/pprof', '/debug/pprof', '/debug/pprof/'],
    ['/debug/pprof', '/debug/pprof?a=1', '/debug/pprof/?a=1'],
    ['/debug/pprof', '/debug/pprof/', 200],
    ['/debug/pprof', '/debug/pprof/allocs?debug=1', 200],
    ['/debug', '/debug/pprof/heap', 200],
    ['/admin', '/admin/debug/pprof', '/admin/debug/pprof/'],
    ['/admin', '/admin/debug/pprof/heap', 200],
    ['/admin', '/admin/x/debug/pprof/heap', 418],
    ['/admin/debug/pprof', '/admin/debug/pprof/heap', 200],
    ['/admin/debug/pprof', '/admin/debug/pprof/nope', 404],
  ] as const) {
    const server = await mounted(mount);
    const { status, headers } = await fetchPath(server, path);
    t.equal(typeof expected === 'string' ? headers.location : status, expected, `${path} mounted at "${mount}"`);
    await closeServer(server);
  }
});

t.test('what next throws is for its caller', async (t) => {
  t.throws(() => handler({ url: '/other' } as IncomingMessage, {} as never, () => {
    throw new Error('not ours');
  }), { message: 'not ours' });
});

t.test('responses that never close', async (t) => {
  // As those that frameworks make up for tests.
  const heap = createHandler({ maxSnapshots: 1 });
  for (let i = 0; i < 3; i++) {
    const res = new PassThrough() as PassThrough & { writeHead(status: number): void; status: number; headersSent: boolean; req: { method: string } };
    Object.assign(res, { headersSent: false, req: { method: 'GET' }, writeHead: (status: number) => (res.status = status) });
    res.resume();
    res.destroy = () => res;
    await heap({ url: '/debug/pprof/heap', method: 'GET', headers: {}, socket: {} } as IncomingMessage, res as never);
    t.equal(res.status, 200, 'and the place of the one before is free');
  }
});

t.test('a body that a parser has read before', async (t) => {
  const server = await serve((req: IncomingMessage & { body?: unknown }, res) => {
    const parsed = { text: '0x10', bytes: Buffer.from('0x10'), other: {} }[req.headers['x-parsed'] as string];
    req.resume().once('end', () => handler(Object.assign(req, { body: parsed }), res));
  });
  t.teardown(() => closeServer(server));
  for (const kind of ['text', 'bytes', 'other']) {
    const reply = await fetchPath(server, '/debug/pprof/symbol', {
      method: 'POST',
      body: '0x10',
      headers: { 'X-Parsed': kind },
    });
    t.equal(reply.text, 'num_symbols: 1\n', kind);
  }
});

t.test('a silent window outlives the timeout for silent connections', async (t) => {
  const server = await serve(handler);
  server.setTimeout(300);
  t.teardown(() => closeServer(server));
  t.equal((await fetchPath(server, '/debug/pprof/heap?seconds=1')).status, 200);
});

t.test('windows are bounded in number and end with their client', async (t) => {
  const server = await listen({ port: 0 });
  t.teardown(() => closeServer(server));
  const leave = new AbortController();
  const windows = Array.from({ length: 16 }, () =>
    fetchPath(server, '/debug/pprof/heap?seconds=60', { signal: leave.signal }),
  );
  for (const window of windows) window.catch(() => {});
  let busy = await fetchPath(server, '/debug/pprof/allocs?seconds=1');
  while (busy.status !== 503) busy = await fetchPath(server, '/debug/pprof/allocs?seconds=1');
  t.match(busy, { text: 'more than 16 profile requests at once\n', headers: { 'x-go-pprof': '1' } });
  t.equal((await fetchPath(server, '/debug/pprof/heap')).status, 200, 'the others are served');
  leave.abort();
  await Promise.allSettled(windows);
  let next = await fetchPath(server, '/debug/pprof/heap?seconds=1');
  while (next.status === 503) next = await fetchPath(server, '/debug/pprof/heap?seconds=1');
  t.equal(next.status, 200, 'room again');
});

t.test('clients that break off', async (t) => {
  const server = await listen({ port: 0 });
  t.teardown(() => closeServer(server));
  for (const bytes of [
    'GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /debug/pprof/heap?seconds=5 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n0x10',
    'POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET /debug/pprof/ HTTP/1.1\r\nHost: local',
    '\0\x01 garbage \r\n\r\n',
  ]) {
    const socket = connect(portOf(server), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.resetAndDestroy();
  }
  t.equal((await fetchPath(server, '/debug/pprof/')).status, 200);
});

t.test('a client that left before the handler was called', async (t) => {
  const heap = lookup('heap')!;
  const { delta } = heap;
  t.teardown(() => Object.assign(heap, { delta }));
  heap.delta = () => t.fail('works for nobody') as never;
  const server = await serve(async (req, res) => {
    req.socket.destroy();
    await once(res, 'close');
    handler(req, res);
    res.emit('handled');
  });
  t.teardown(() => closeServer(server));
  const handled = once(server, 'request').then(([, res]) => once(res, 'handled'));
  await t.rejects(fetchPath(server, '/debug/pprof/heap?seconds=5'), { code: 'ECONNRESET' });
  await handled;
});

t.test('neither the server nor a waiting connection keeps the process alive', async (t) => {
  const program = `
    require('mprof/http').listen({ port: 0 }).then((server) => console.log(server.address().port));
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ['-e', program], {
    cwd: join(__dirname, '..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const [response] = (await once(get({ port: Number(port), path: '/debug/pprof/cmdline', agent }), 'response')) as [
    IncomingMessage,
  ];
  t.match(response.headers, { connection: 'keep-alive', 'keep-alive': 'timeout=75' });
  await once(response.resume(), 'end');
  child.stdin.end();
  t.same(await once(child, 'exit'), [0, null]);
});
