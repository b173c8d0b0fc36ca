import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { lookup, start, stop } from 'mprof';
import { handler, listen } from 'mprof/http';
import { goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchPath, serve, words, type FetchOptions, type Reply } from './helpers/http-client';

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const BINARY = 'application/octet-stream';

const UNKNOWN = 'Unknown profile\n';
const BAD_SECONDS = 'invalid value for "seconds" - must be a positive integer\n';
const TRACE =
  'Node.js has no execution traces as Go has them: use profile for CPU time, block for waits, or node --trace-event-categories';
const SECONDS_AND_DEBUG = 'seconds and debug params are incompatible\n';

interface Expected {
  status: number;
  type: string;
  disposition?: string;
}

let server: Server;
const get = (path: string, options?: FetchOptions): Promise<Reply> =>
  fetchPath(server, `/debug/pprof/${path}`, options);

t.before(async () => {
  start({ memProfileRate: 4096 });
  server = await listen({ port: 0 });
});
t.after(async () => {
  await closeServer(server);
  stop();
});

/** Compares everything but the body and the headers that Node.js adds. */
function checkHeaders(t: Test, name: string, reply: Reply, { status, type, disposition }: Expected): void {
  const { headers } = reply;
  t.match(headers['content-length'], /^\d+$/, `${name}: Content-Length`);
  t.strictSame(
    {
      status: reply.status,
      type: headers['content-type'],
      disposition: headers['content-disposition'],
      sniff: headers['x-content-type-options'],
      error: headers['x-go-pprof'],
      cache: headers['cache-control'],
      encoding: headers['content-encoding'],
      cors: headers['access-control-allow-origin'],
    },
    {
      status,
      type,
      disposition,
      sniff: 'nosniff',
      error: status >= 400 ? '1' : undefined,
      cache: 'no-store, no-transform',
      encoding: undefined,
      cors: undefined,
    },
    `${name}: status and headers`,
  );
}

async function checkError(t: Test, path: string, status: number, body: string): Promise<void> {
  const reply = await get(path);
  checkHeaders(t, path, reply, { status, type: TEXT });
  t.equal(reply.text, body, `${path}: body`);
}

t.test('profiles are attachments in protobuf, or text', async (t) => {
  for (const name of ['heap', 'allocs']) {
    for (const query of words(`? ?debug= ?debug=0 ?debug=abc ?debug=1.0 ?debug=0x1 ?debug=%201 ?debug=0&debug=1
      ?debug=1;a=2 ?debug=%zz& ?seconds=`)) {
      const reply = await get(name + query);
      checkHeaders(t, name + query, reply, {
        status: 200,
        type: BINARY,
        disposition: `attachment; filename="${name}"`,
      });
      t.same([...reply.bytes.subarray(0, 2)], [0x1f, 0x8b], `${name}${query}: gzip`);
      gunzipSync(reply.bytes);
    }
    for (const query of words(`?debug=1 ?debug=2 ?debug=-1 ?debug=%2B1 ?debug=99999999999999999999
      ?a=b&debug=1&debug=0 ?%zz=1&%64ebug=1`)) {
      const reply = await get(name + query);
      checkHeaders(t, name + query, reply, { status: 200, type: TEXT });
      t.match(reply.text, /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/\d+\n/, `${name}${query}: body`);
    }
  }
});

t.test('only the heap profile, and only as a whole, collects garbage first', async (t) => {
  const collected: string[] = [];
  for (const profile of [lookup('heap')!, lookup('allocs')!]) {
    const original = { ...profile };
    t.teardown(() => Object.assign(profile, original));
    profile.toBuffer = (options) => {
      collected.push(`${profile.name} ${options?.debug} ${options?.gc}`);
      return original.toBuffer(options);
    };
  }
  for (const path of words(`heap?gc=1 heap?gc=2&debug=1 heap?gc=0 heap?gc=-1 heap?gc=x
    allocs?gc=1 heap?gc=1&seconds=1`)) {
    t.equal((await get(path)).status, 200, path);
  }
  t.strictSame(collected, [
    'heap 0 true',
    'heap 1 true',
    'heap 0 false',
    'heap 0 false',
    'heap 0 false',
    'allocs 0 false',
  ]);
});

t.test('seconds gives what changes in that time', async (t) => {
  const started = process.hrtime.bigint();
  const replies = await Promise.all([
    get('heap?seconds=1'),
    get('allocs?seconds=%2B1&gc=1'),
    get('heap?seconds=01&seconds=x'),
  ]);
  t.ok(process.hrtime.bigint() - started >= 990_000_000n, 'takes a second');
  for (const [row, name] of ['heap', 'allocs', 'heap'].entries()) {
    const reply = replies[row] as Reply;
    checkHeaders(t, `${name} delta`, reply, {
      status: 200,
      type: BINARY,
      disposition: `attachment; filename="${name}-delta"`,
    });
    gunzipSync(reply.bytes);
  }
});

t.test('errors are those of Go, in its order', async (t) => {
  for (const name of words('nope heap/ Heap heap%00 %ff constructor __proto__ nope?seconds=x&debug=1')) {
    await checkError(t, name, 404, UNKNOWN);
  }
  for (const seconds of words('abc 0 -1 1.5 1e1 0x1 +1 %201 99999999999999999999 9223372036854775808')) {
    await checkError(t, `heap?seconds=${seconds}`, 400, BAD_SECONDS);
    await checkError(t, `allocs?debug=1&seconds=${seconds}`, 400, BAD_SECONDS);
  }
  await checkError(t, 'heap?seconds=1&debug=1', 400, SECONDS_AND_DEBUG);
  await checkError(t, 'heap?seconds=60&debug=-1', 400, SECONDS_AND_DEBUG);
  for (const seconds of ['61', '9223372036854775807']) {
    await checkError(t, `heap?debug=1&seconds=${seconds}`, 400, 'invalid value for "seconds" - must be at most 60\n');
  }
  await checkError(t, '%zz', 400, '400 Bad Request\n');
});

t.test('a profile that fails', async (t) => {
  const heap = lookup('heap')!;
  const original = { ...heap };
  t.teardown(() => Object.assign(heap, original));
  heap.toBuffer = heap.delta = () => Promise.reject(new Error('a secret'));
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): number => warnings.push(message);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  for (const path of ['heap', 'heap?debug=1', 'heap?seconds=1']) {
    await checkError(t, path, 500, 'failed to collect profile\n');
  }
  t.ok(warnings.length >= 1 && warnings.every((message) => message.startsWith('a secret')), 'reported to the process');
  const before = warnings.length;
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await checkError(t, 'heap', 500, 'failed to collect profile\n');
  t.equal(warnings.length, before + 1, 'one warning a second');
  t.match(warnings.at(-1), before === 1 ? 'a secret (and 2 more failures before)' : /^a secret/);
});

t.test('an execution trace is refused with what to use instead', async (t) => {
  for (const path of ['trace', 'trace?seconds=1', 'trace?seconds=x']) {
    await checkError(t, path, 501, `${TRACE}\n`);
  }
});

t.test('cmdline', async (t) => {
  const reply = await get('cmdline');
  checkHeaders(t, 'cmdline', reply, { status: 200, type: TEXT });
  t.equal(reply.text, process.argv.join('\0'));
});

t.test('symbol names the addresses of a text profile', async (t) => {
  const [, first = ''] = /@((?: 0x[0-9a-f]+)+)\n/.exec((await get('heap?debug=1')).text) ?? [];
  const listed = first.trim().split(' ').map(Number);
  const hex = listed.flatMap((address) => [address, address - 1]).map((address) => `0x${address.toString(16)}`);
  const symbols = hex.map((word) => `${word} [^\\n]+\\n`).join('');
  const expected = new RegExp(`^num_symbols: 1\\n${symbols}$`);
  for (const [name, reply] of Object.entries({
    POST: await get('symbol', { method: 'POST', body: hex.join('+') }),
    'POST of a form': await get('symbol', {
      method: 'POST',
      body: hex.join('+'),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
    GET: await get(`symbol?${hex.join('+')}`),
    'other words': await get(`symbol?0x1+nope+${hex.join('++')}+0+08+1_0+-1+1e3+0x${'f'.repeat(400)}+${hex[0]}%0a`),
  })) {
    checkHeaders(t, name, reply, { status: 200, type: TEXT });
    t.match(reply.text, expected, name);
  }
  const [decimal, octal] = [String(listed[0]), `0${listed[0]?.toString(8)}`];
  t.equal((await get(`symbol?${decimal}+${octal}`)).text.split(hex[0] ?? '?').length, 3, 'decimal and octal');
  for (const [name, options] of Object.entries<FetchOptions>({
    GET: {},
    'empty POST': { method: 'POST', body: '' },
    spoilt: { method: 'POST', body: `${hex[0]}\n` },
  })) {
    t.equal((await get('symbol', options)).text, 'num_symbols: 1\n', name);
  }
  const large = await get('symbol', { method: 'POST', body: '0x10+'.repeat(300_000) });
  checkHeaders(t, 'too large', large, { status: 413, type: TEXT });
});

t.test('the index lists every profile', async (t) => {
  const reply = await get('');
  checkHeaders(t, 'index', reply, { status: 200, type: HTML });
  t.match(reply.headers['content-security-policy'], /^default-src 'none'; style-src 'sha256-[^']+'; /);
  t.match(
    reply.text,
    /<td class="count">\d+<\/td><th scope="row"><a href="allocs\?debug=1">allocs<\/a>[^]*<a href="heap\?debug=1">heap<\/a>/,
  );
  const { address, port } = server.address() as AddressInfo;
  t.match(reply.text, `go tool pprof http://${address}:${port}/debug/pprof/heap<`);
  t.notMatch(reply.text, /<script/);

  const plain = await serve(handler);
  t.teardown(() => closeServer(plain));
  const hostile = await fetchPath(plain, '/debug/pprof/', { headers: { Host: '"><img src=x>$(id)' } });
  t.equal(hostile.status, 200);
  t.notMatch(hostile.text, /<img|\$\(id\)/, 'the Host header is not echoed as markup or into a command');
});

t.test('HEAD is GET without the body', async (t) => {
  for (const path of ['', 'heap', 'heap?debug=1', 'cmdline', 'symbol', 'nope', 'heap?seconds=0', '%zz', '//heap']) {
    const [head, full] = [await get(path, { method: 'HEAD' }), await get(path)];
    t.equal(head.status, full.status, `${path}: status`);
    for (const header of ['content-type', 'content-disposition', 'x-content-type-options', 'x-go-pprof', 'location']) {
      t.equal(head.headers[header], full.headers[header], `${path}: ${header}`);
    }
    t.equal(head.bytes.length, 0, `${path}: no body`);
  }
});

t.test('other methods are refused', async (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    for (const path of ['', 'heap', 'nope', 'cmdline', 'symbol', '/heap']) {
      if (method === 'POST' && path === 'symbol') continue;
      const reply = await get(path, { method });
      checkHeaders(t, `${method} ${path}`, reply, { status: 405, type: TEXT });
      t.equal(reply.headers.allow, path === 'symbol' ? 'GET, HEAD, POST' : 'GET, HEAD', `${method} ${path}: Allow`);
      t.equal(reply.text, 'Method Not Allowed\n', `${method} ${path}: body`);
    }
  }
});

t.test('paths that are not clean are redirected', async (t) => {
  for (const [path, location] of Object.entries({
    '/debug/pprof': '/debug/pprof/',
    '/debug/pprof?a=1&b=<': '/debug/pprof/?a=1&b=<',
    '//debug//pprof/heap': '/debug/pprof/heap',
    '/debug/pprof/./heap?debug=1': '/debug/pprof/heap?debug=1',
    '/x/../debug/pprof/heap/': '/debug/pprof/heap/',
    '/debug/pprof/heap/..': '/debug/pprof/',
  })) {
    const reply = await fetchPath(server, path);
    checkHeaders(t, path, reply, { status: 301, type: HTML });
    t.equal(reply.headers.location, location, path);
    const href = location.replace('&', '&amp;').replace('<', '&lt;');
    t.equal(reply.text, `<a href="${href}">Moved Permanently</a>.\n\n`, `${path}: body`);
  }
  for (const path of words(`/ /debug /debug/pprofx /debug/%70prof/heap /debug%2fpprof/heap /DEBUG/pprof/ *
    //evil.example/debug/pprof`)) {
    const reply = await fetchPath(server, path);
    checkHeaders(t, path, reply, { status: 404, type: TEXT });
    t.equal(reply.text, '404 page not found\n', path);
  }
  t.equal((await fetchPath(server, 'http://127.0.0.1/debug/pprof/cmdline')).status, 200, 'a target with its origin');
});

t.test('go tool pprof', needsGo(), async (t) => {
  const requests: string[] = [];
  server.on('request', ({ method, url }) => requests.push(`${method} ${url}`));
  const { address, port } = server.address() as AddressInfo;
  const url = `http://${address}:${port}/debug/pprof`;

  await t.test('fetches a profile with one request', async (t) => {
    const { stdout, stderr } = await goPprof(['-top', '-sample_index=alloc_space'], `${url}/heap`);
    t.strictSame(requests.splice(0), ['GET /debug/pprof/heap']);
    t.match(stdout, /^Type: alloc_space$/m);
    t.match(stderr, /^Fetching profile over HTTP from [^\n]+\nSaved profile in [^\n]+\n$/);
  });

  await t.test('asks for windows', async (t) => {
    const { stdout } = await goPprof(['-raw', '-seconds=1'], `${url}/allocs`);
    t.strictSame(requests.splice(0), ['GET /debug/pprof/allocs?seconds=1']);
    t.match(stdout, /^Duration: 1\.\d*$/m);
  });

  await t.test('asks for the names of a text profile', async (t) => {
    const makers = {
      'make<Holder>'() {
        return new Array<number>(1024).fill(0.5);
      },
    };
    const kept = Array.from({ length: 100 }, () => makers['make<Holder>']());
    const { stdout } = await goPprof(['-traces', '-sample_index=alloc_space'], `${url}/heap?debug=1&gc=1`);
    t.strictSame(requests.splice(0), ['GET /debug/pprof/heap?debug=1&gc=1', 'POST /debug/pprof/symbol']);
    t.equal(kept.length, 100);
    t.match(stdout, /make\(Holder\)/, 'what pprof would drop as the arguments of a template');
    t.notMatch(stdout, /<unknown>/);
  });

  await t.test('shows the text of an error', async (t) => {
    await t.rejects(goPprof(['-top'], `${url}/nope`), { message: /server response: 404 Not Found - Unknown profile/ });
  });
});
