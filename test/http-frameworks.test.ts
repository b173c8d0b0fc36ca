import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { decode } from 'mprof/pprof';
import { goPprof, needsGo } from './helpers/go-tool';
import { fetchFrom, type FetchOptions, type Reply } from './helpers/http-client';

/* The handler in real frameworks, under a path of theirs and behind a middleware that compresses what it may. */

const FRAMEWORKS = ['node:http', 'express', 'fastify', 'koa', 'hono', 'nestjs'];
const AUTHORIZATION = 'Bearer let-me-in';

let child: ChildProcess;
let ports: Record<string, number>;

t.before(async () => {
  // tap's loaders are neither for npm nor for the servers.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await promisify(execFile)('npm', npm, { cwd: 'test/frameworks', env });
  child = spawn(process.execPath, [resolve('test/frameworks/servers.mjs')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [output] = (await once(child.stdout!, 'data')) as [Buffer];
  ports = JSON.parse(output.toString());
  // They end with this process, and do not keep it.
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
});
for (const name of FRAMEWORKS) {
  t.test(name, async (t) => {
    const get = (path: string, { headers, ...options }: FetchOptions = {}): Promise<Reply> =>
      fetchFrom({ host: '127.0.0.1', port: ports[name]! }, path, {
        headers: { 'Accept-Encoding': 'br, gzip', Authorization: AUTHORIZATION, ...headers },
        ...options,
      });

    await t.test('compresses what is its own', async (t) => {
      const reply = await get('/other');
      t.match(reply, { status: 200, headers: { 'content-encoding': /^(?:br|gzip)$/ } });
    });

    await t.test('leaves a profile as it is', async (t) => {
      const { status, headers, bytes } = await get('/admin/debug/pprof/heap');
      t.equal(status, 200);
      t.match(headers, {
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment; filename="heap"',
        'content-length': String(bytes.length),
        'x-content-type-options': 'nosniff',
      });
      t.notOk(headers['content-encoding'], 'the gzip is the file, not its encoding');
      t.ok(decode(gunzipSync(bytes)).sample.length > 0, 'compressed once');
    });

    await t.test('other answers', async (t) => {
      const text = await get('/admin/debug/pprof/heap?debug=1');
      t.match(text, { status: 200, text: /^heap profile: /, headers: { 'content-type': 'text/plain; charset=utf-8' } });
      t.notOk(text.headers['content-encoding']);
      t.match(await get('/admin/debug/pprof/'), { status: 200, text: '/admin/debug/pprof/heap</pre>' });
      t.match(await get('/admin/debug/pprof'), { status: 301, headers: { location: '/admin/debug/pprof/' } });
      t.match(await get('/admin/debug/pprof/nope'), { status: 404, text: 'Unknown profile\n', headers: { 'x-go-pprof': '1' } });
      t.match(await get('/admin/debug/pprof/heap', { method: 'HEAD' }), { status: 200, text: '' });
      t.match(await get('/admin/debug/pprof/heap', { method: 'DELETE' }), { status: 405, headers: { allow: 'GET, HEAD' } });
      t.match(await get('/admin/debug/pprof/heap', { headers: { Authorization: '' } }), {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="mprof"' },
      });
      t.match(await get('/admin/debug/pprof/heap', { headers: { Origin: 'https://other.example' } }), { status: 403 });
    });

    await t.test('symbol takes a body', async (t) => {
      const [, address = ''] = /@ (0x[0-9a-f]+)/.exec((await get('/admin/debug/pprof/heap?debug=1')).text) ?? [];
      for (const path of ['symbol', 'example.com/symbol']) {
        const reply = await get(`/admin/debug/pprof/${path}`, {
          method: 'POST',
          body: address,
          headers: { 'Content-Type': 'application/octet-stream' },
        });
        t.match(reply, { status: 200, text: new RegExp(`^num_symbols: 1\\n${address} .+\\n$`) }, path);
      }
    });

    await t.test('a window ends with its client', async (t) => {
      // The only one there can be at once.
      const leaving = request({ host: '127.0.0.1', port: ports[name]!, path: '/admin/debug/pprof/heap?seconds=60', headers: { authorization: AUTHORIZATION } });
      leaving.on('error', () => {}).end();
      let second = await get('/admin/debug/pprof/heap?seconds=1');
      while (second.status !== 503) second = await get('/admin/debug/pprof/heap?seconds=1');
      leaving.destroy();
      while (second.status === 503) second = await get('/admin/debug/pprof/heap?seconds=1');
      t.match(second, { status: 200, headers: { 'content-disposition': 'attachment; filename="heap-delta"' } });
      t.notOk(second.headers['content-encoding']);
    });
  });
}

t.test('go tool pprof reads a text profile under a prefix', needsGo(), async (t) => {
  // It cannot send a token, so something in front of the server does.
  for (const name of FRAMEWORKS) {
    const asked: string[] = [];
    const front = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      const { host: _, ...headers } = req.headers;
      const forward = request(
        { host: '127.0.0.1', port: ports[name]!, path: req.url, method: req.method, headers: { ...headers, authorization: AUTHORIZATION } },
        (reply) => reply.pipe(res.writeHead(reply.statusCode!, reply.headers)),
      );
      req.pipe(forward);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const { port } = front.address() as AddressInfo;
    const { stdout } = await goPprof(['-top', '-sample_index=alloc_space'], `http://127.0.0.1:${port}/admin/debug/pprof/heap?debug=1`);
    t.match(stdout, /^Showing nodes accounting for [^0]/m, name);
    t.notMatch(stdout, /<unknown>/, name);
    t.same(asked, ['GET /admin/debug/pprof/heap?debug=1', 'POST /admin/debug/pprof/symbol'], name);
    front.close();
  }
});
