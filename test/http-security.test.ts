import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { lookup } from 'mprof';
import { createFetchHandler, createHandler, listen, type ListenOptions } from 'mprof/http';
import { runNode } from './helpers/child';
import { goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchFrom, fetchPath, serve, type FetchOptions } from './helpers/http-client';

const TOKEN = 'a-secret.token/42=';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Opens a server that the test closes. */
async function open(t: Test, options: ListenOptions): Promise<Server> {
  const server = await listen({ port: 0, ...options });
  t.teardown(() => closeServer(server));
  return server;
}

t.test('bad options change nothing', async (t) => {
  const bad: [options: object, code: string, message: RegExp][] = [
    [{ token: 1 }, 'INVALID_ARG_TYPE', /^token must be a non-empty string of printable ASCII characters without spaces, got number$/],
    [{ token: '' }, 'OUT_OF_RANGE', /^token must be/],
    [{ token: 'has space' }, 'OUT_OF_RANGE', /^token must be [^,]*$/],
    [{ username: 'a' }, 'INVALID_ARG_TYPE', /^password must be [^,]*, got undefined$/],
    [{ password: 'a' }, 'INVALID_ARG_TYPE', /^username must be/],
    [{ username: 'a:b', password: 'c' }, 'OUT_OF_RANGE', /^username must be/],
    [{ username: 'a', password: '' }, 'OUT_OF_RANGE', /^password must be/],
    [{ authorize: true }, 'INVALID_ARG_TYPE', /^authorize must be a function/],
    [{ cmdline: 'yes' }, 'INVALID_ARG_TYPE', /^cmdline must be a boolean/],
    [{ fullGoroutine: 1 }, 'INVALID_ARG_TYPE', /^fullGoroutine must be a boolean/],
    [{ prefix: 1 }, 'INVALID_ARG_TYPE', /^prefix must be a path such as/],
    ...['admin', '/', '/admin/', '/a//b', '/a/../b', '/a?b', '/a b'].map((prefix) => [{ prefix }, 'OUT_OF_RANGE', /^prefix must be a path such as/] as never),
    ...['maxSeconds', 'maxWindows', 'maxSnapshots', 'clientTimeout'].flatMap((name) => [
      [{ [name]: 0 }, 'OUT_OF_RANGE', new RegExp(`^${name} must be an integer`)] as never,
      [{ [name]: '1' }, 'INVALID_ARG_TYPE', new RegExp(`^${name} must be an integer`)] as never,
    ]),
  ];
  for (const [options, code, message] of bad) {
    const error = { code: `ERR_MPROF_${code}`, message };
    t.throws(() => createHandler(options), error, `handler ${JSON.stringify(options)}`);
    t.throws(() => createFetchHandler(options), error, `fetch handler ${JSON.stringify(options)}`);
    await t.rejects(listen({ port: 0, ...options }), error, `listen ${JSON.stringify(options)}`);
  }
  t.throws(() => createHandler(null as never), { code: 'ERR_MPROF_INVALID_ARG_TYPE' });
  await t.rejects(listen({ tls: 1 as never }), { code: 'ERR_MPROF_INVALID_ARG_TYPE', message: /^tls must be an object/ });
  await t.rejects(listen({ path: '' }), { code: 'ERR_MPROF_OUT_OF_RANGE', message: /^path must be a path, without port and host/ });
  await t.rejects(listen({ path: '/tmp/x', port: 1 }), { code: 'ERR_MPROF_OUT_OF_RANGE' });
});

t.test('a token, a password, or either', async (t) => {
  const bearer = await open(t, { token: TOKEN });
  const basic = await open(t, { username: 'ops', password: 'pässwörd: with spaces' });
  const either = await open(t, { token: TOKEN, username: 'ops', password: 'secret' });
  const status = async (server: Server, Authorization?: string, path = '/debug/pprof/'): Promise<number> => {
    const reply = await fetchPath(server, path, { headers: Authorization === undefined ? {} : { Authorization } });
    if (reply.status !== 200) t.match(reply, { text: 'Unauthorized\n', headers: { 'x-go-pprof': '1', 'content-type': /^text\/plain/ } });
    return reply.status;
  };
  for (const good of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`]) t.equal(await status(bearer, good), 200, good);
  for (const bad of [undefined, '', 'Bearer', 'Bearer ', TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN} x`, `Bearer ${base64(TOKEN)}`]) {
    t.equal(await status(bearer, bad), 401, `${bad}`);
  }
  t.equal(await status(basic, `Basic ${base64('ops:pässwörd: with spaces')}`), 200);
  for (const bad of ['ops:wrong', 'ops:', ':pässwörd: with spaces', 'ops', '', 'opspässwörd: with spaces']) t.equal(await status(basic, `Basic ${base64(bad)}`), 401, bad);
  t.equal(await status(basic, 'Basic !!!'), 401);
  for (const good of [`Bearer ${TOKEN}`, `Basic ${base64('ops:secret')}`]) t.equal(await status(either, good), 200, good);

  t.equal((await fetchPath(bearer, '/debug/pprof/heap')).headers['www-authenticate'], 'Bearer realm="mprof"');
  t.equal((await fetchPath(either, '/debug/pprof/heap')).headers['www-authenticate'], 'Bearer realm="mprof", Basic realm="mprof", charset="UTF-8"');
  for (const path of ['/debug/pprof', '/debug/pprof/nope', '/debug/pprof/heap?seconds=x', '//debug/pprof/', '/debug/pprof/%zz']) {
    t.equal(await status(bearer, undefined, path), 401, `strangers learn nothing from ${path}`);
  }
  for (const method of ['POST', 'DELETE', 'HEAD']) t.equal((await fetchPath(bearer, '/debug/pprof/symbol', { method })).status, 401, method);
});

t.test('go tool pprof logs in with the user of the URL', needsGo(), async (t) => {
  const server = await open(t, { username: 'ops', password: 'secret' });
  const { port } = server.address() as AddressInfo;
  const { stdout } = await goPprof(['-top'], `http://ops:secret@127.0.0.1:${port}/debug/pprof/heap`);
  t.match(stdout, /^Type: inuse_space$/m);
  await t.rejects(goPprof(['-top'], `http://127.0.0.1:${port}/debug/pprof/heap`), { message: /server response: 401 Unauthorized - Unauthorized/ });
});

t.test('authorize decides', async (t) => {
  const decisions: Record<string, () => unknown> = {
    yes: () => true,
    'yes, later': async () => true,
    no: () => false,
    'no, later': async () => false,
    nothing: () => undefined,
    truthy: () => 'yes',
    throws: () => {
      throw new Error('token=hush');
    },
    rejects: () => Promise.reject(new TypeError('token=hush')),
    'throws a string': () => {
      throw 'hush';
    },
  };
  const authorize = (headers: { get(name: string): string | null }): never => decisions[headers.get('x-decision') ?? '']!() as never;
  const byHandler = await serve(createHandler({ authorize: (req) => authorize({ get: (name) => req.headers[name] as string }) }));
  t.teardown(() => closeServer(byHandler));
  const byFetch = createFetchHandler({ authorize: (request) => authorize(request.headers) });
  const warnings: string[] = [];
  const onWarning = ({ message, stack }: Error): number => warnings.push(`${message} ${stack}`);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));

  for (const decision of Object.keys(decisions)) {
    const expected = decision.startsWith('yes') ? 200 : /throws|rejects/.test(decision) ? 500 : 403;
    const body = { 200: /^<!DOCTYPE/, 403: 'Forbidden\n', 500: 'authorization failed\n' }[expected]!;
    t.match(await fetchPath(byHandler, '/debug/pprof/', { headers: { 'X-Decision': decision } }), { status: expected, text: body }, decision);
    const response = await byFetch(new Request('http://localhost/debug/pprof/', { headers: { 'X-Decision': decision } }));
    t.match({ status: response.status, text: await response.text() }, { status: expected, text: body }, `${decision}, fetched`);
  }
  t.match(warnings[0], 'the option authorize failed with Error');
  t.notMatch(warnings.join(), 'hush');
  const missing = await fetchPath(byHandler, '/elsewhere', { headers: { 'X-Decision': 'throws' } });
  t.equal(missing.status, 404, 'asked only about profiles');
});

t.test('other machines only with authentication', async (t) => {
  for (const options of [{ token: TOKEN }, { username: 'a', password: 'b' }, { authorize: () => true }, { insecure: true }]) {
    const server = await open(t, { host: '0.0.0.0', ...options });
    t.equal((await fetchPath(server, '/', { headers: { Host: 'app.example' } })).status, 404, Object.keys(options).join());
  }
  for (const options of [{}, { insecure: false }, { username: 'a' }, { tls: {} }, { tls: { requestCert: true, rejectUnauthorized: false } }]) {
    await t.rejects(listen({ port: 0, host: '0.0.0.0', ...options }), { code: 'ERR_MPROF_INSECURE_ADDRESS' }, JSON.stringify(options));
  }
});

t.test('full lists of goroutines only where asked for, or among friends', async (t) => {
  const get = (server: Server) => fetchPath(server, '/debug/pprof/goroutine?full=1&debug=1');
  t.match(await get(await open(t, {})), { status: 200, text: /^goroutine profile: total / }, 'loopback');
  const refused = { status: 403, text: 'full=1 is off; the option fullGoroutine switches it on\n', headers: { 'x-go-pprof': '1' } };
  t.match(await get(await open(t, { fullGoroutine: false })), refused, 'loopback, switched off');
  t.match(await get(await open(t, { host: '0.0.0.0', token: TOKEN, authorize: () => true })), { status: 401 }, 'a stranger');
  t.match(await get(await open(t, { host: '0.0.0.0', insecure: true })), refused, 'other machines');
  t.equal((await get(await open(t, { host: '0.0.0.0', insecure: true, fullGoroutine: true }))).status, 200, 'switched on');
  t.equal((await fetchPath(await open(t, { fullGoroutine: false }), '/debug/pprof/heap?full=1')).status, 200, 'other profiles have no such list');
});

t.test('cmdline only where asked for, or among friends', async (t) => {
  const status = async (server: Server): Promise<number> => (await fetchPath(server, '/debug/pprof/cmdline')).status;
  t.equal(await status(await open(t, {})), 200, 'loopback');
  t.equal(await status(await open(t, { cmdline: false })), 404, 'loopback, switched off');
  t.equal(await status(await open(t, { host: '0.0.0.0', insecure: true })), 404, 'other machines');
  t.equal(await status(await open(t, { host: '0.0.0.0', insecure: true, cmdline: true })), 200, 'other machines, switched on');
  for (const [cmdline, expected] of [[undefined, 404], [true, 200]] as const) {
    const server = await serve(createHandler(cmdline === undefined ? {} : { cmdline }));
    t.equal(await status(server), expected, `a handler, ${cmdline}`);
    await closeServer(server);
  }
  const off = await fetchPath(await open(t, { cmdline: false }), '/debug/pprof/cmdline');
  t.match(off, { text: 'cmdline is off; the option cmdline switches it on\n', headers: { 'x-go-pprof': '1' } });
});

t.test('a Unix socket', async (t) => {
  const directory = t.testdir({ file: 'not a socket' });
  const path = join(directory, 's');
  const get = (socketPath: string, options?: FetchOptions) => fetchFrom({ socketPath }, '/debug/pprof/cmdline', options);
  const server = await listen({ path });
  t.equal(statSync(path).mode & 0o777, 0o600, 'for its own user');
  t.equal((await get(path)).status, 200);
  t.equal((await get(path, { headers: { Host: 'any' } })).status, 200, 'any Host header');
  await t.rejects(listen({ path }), { code: 'EADDRINUSE' }, 'is not taken from a server that answers');
  t.equal((await get(path)).status, 200, 'which goes on');
  await closeServer(server);
  t.notOk(existsSync(path), 'removed when closed');

  await t.rejects(listen({ path: join(directory, 'file') }), { code: 'EADDRINUSE' });
  t.equal(await readFile(join(directory, 'file'), 'utf8'), 'not a socket', 'other files stay');
  await t.rejects(listen({ path: join(directory, 'no', 'such', 'folder') }), { code: 'EACCES' });

  const killed = await runNode('-e', { args: [`require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`] });
  t.equal(killed.signal, 'SIGKILL');
  t.ok(existsSync(path), 'left behind');
  const next = await listen({ path });
  t.equal((await get(path)).status, 200, 'replaced');
  await closeServer(next);
});

t.test('TLS', async (t) => {
  const directory = t.testdir({});
  const run = promisify(execFile);
  const file = (name: string): string => join(directory, name);
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', file('key'), '-out', file('cert')]);
  const [key, cert] = await Promise.all([readFile(file('key')), readFile(file('cert'))]);
  const request = async (server: Server, own = {}): Promise<string> => {
    const { port } = server.address() as AddressInfo;
    const socket = connectTls({ port, host: '127.0.0.1', ca: cert, servername: 'localhost', ...own });
    socket.end('GET /debug/pprof/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text;
  };
  const server = await open(t, { tls: { key, cert } });
  t.match(await request(server), /^HTTP\/1\.1 200 OK\r\n[^]*go tool pprof https:\/\/localhost\//);

  const mutual = await open(t, { host: '0.0.0.0', tls: { key, cert, ca: cert, requestCert: true } });
  t.match(await request(mutual, { key, cert }), /^HTTP\/1\.1 200 OK/, 'with a certificate');
  await t.rejects(request(mutual), 'without');

  // A waiting connection does not keep the process alive.
  const child = await runNode('-e', {
    args: [
      `const { readFileSync } = require('node:fs');
      const tls = { key: readFileSync(${JSON.stringify(file('key'))}), cert: readFileSync(${JSON.stringify(file('cert'))}) };
      require('mprof/http').listen({ port: 0, tls }).then((server) => {
        const { Worker } = require('node:worker_threads');
        const code = "const { workerData: port, parentPort } = require('node:worker_threads'); const socket = require('node:tls').connect({ port, rejectUnauthorized: false }, () => socket.write('GET /debug/pprof/ HTTP/1.1\\\\r\\\\nHost: localhost\\\\r\\\\n\\\\r\\\\n')); socket.once('data', () => parentPort.postMessage(''));";
        const worker = new Worker(code, { eval: true, workerData: server.address().port });
        worker.once('message', () => { console.log('served'); worker.unref(); });
      });`,
    ],
  });
  t.match(child, { code: 0, signal: null, stdout: 'served\n', stderr: '' });
});

t.test('limits are options', async (t) => {
  const server = await open(t, { maxSeconds: 2, maxWindows: 1 });
  t.match(await fetchPath(server, '/debug/pprof/heap?seconds=3'), { status: 400, text: 'invalid value for "seconds" - must be at most 2\n' });
  const window = fetchPath(server, '/debug/pprof/heap?seconds=2');
  let second = await fetchPath(server, '/debug/pprof/heap?seconds=1');
  while (second.status === 200) second = await fetchPath(server, '/debug/pprof/heap?seconds=1');
  t.match(second, { status: 503, text: 'more than 1 profile requests at once\n' });
  await window.catch(() => {});
});

t.test('a profile that nobody reads is not kept', async (t) => {
  const heap = lookup('heap')!;
  const { toBuffer } = heap;
  t.teardown(() => Object.assign(heap, { toBuffer }));
  heap.toBuffer = async () => randomBytes(64 * 2 ** 20);
  const server = await open(t, { clientTimeout: 500, maxSnapshots: 2 });
  const { port } = server.address() as AddressInfo;
  const clients: Socket[] = [];
  for (let i = 0; i < 2; i++) {
    const client = connect(port, '127.0.0.1');
    clients.push(client.on('error', () => {}).pause());
    client.write('GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n\r\n');
  }
  let other = await fetchPath(server, '/debug/pprof/heap', { method: 'HEAD' });
  while (other.status === 200) other = await fetchPath(server, '/debug/pprof/heap', { method: 'HEAD' });
  t.equal(other.status, 503, 'no room for more of them meanwhile');
  while (other.status === 503) other = await fetchPath(server, '/debug/pprof/heap', { method: 'HEAD' });
  t.equal(other.status, 200, 'room again');
  const [left] = await Promise.all(clients.map((client) => once(client.resume(), 'close')));
  t.ok(left, 'their connections are closed');
});

t.test('a body that does not come', async (t) => {
  const server = await open(t, { clientTimeout: 300 });
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').setEncoding('utf8');
  client.write('POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n0x10');
  let text = '';
  for await (const chunk of client) text += chunk;
  t.match(text, /^HTTP\/1\.1 408 [^]*X-Go-Pprof: 1[^]*the body took too long\n$/);

  const slow = createFetchHandler({ clientTimeout: 100 });
  const awake = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(awake));
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('0x10')) });
  const reply = await slow(new Request('http://localhost/debug/pprof/symbol', { method: 'POST', body, duplex: 'half' } as RequestInit));
  t.equal(reply.status, 408);
});

t.test('links from other ports of this machine, but no reads', async (t) => {
  const server = await open(t, {});
  const status = async (headers: Record<string, string>): Promise<number> => (await fetchPath(server, '/debug/pprof/', { headers })).status;
  t.equal(await status({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate' }), 200);
  t.equal(await status({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' }), 403);
  t.equal(await status({ 'Sec-Fetch-Site': 'same-site' }), 403);
});

t.test('connections are bounded', async (t) => {
  const server = await open(t, {});
  const { port } = server.address() as AddressInfo;
  let dropped = 0;
  const clients = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').on('error', () => {}).on('close', () => dropped++));
  t.teardown(() => clients.forEach((client) => client.destroy()));
  while (dropped < 44) await new Promise((resolve) => setTimeout(resolve, 10));
  clients[0]!.write('GET /debug/pprof/ HTTP/1.1\r\nHost: localhost\r\n\r\n');
  t.match(String((await once(clients[0]!, 'data'))[0]), /^HTTP\/1\.1 200/, 'the first ones are served');
  t.equal(dropped, 44, 'the others are dropped');
});
