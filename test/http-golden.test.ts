import type { Server } from 'node:http';
import t from 'tap';
import { newProfile, start, stop } from 'mprof';
import { createFetchHandler, createHandler } from 'mprof/http';
import { closeServer, fetchPath, serve } from './helpers/http-client';

/*
 * What a Go 1.19 server has answered to the same requests, in so far as a client can rely on it: status, the headers of
 * the profiles, and what errors say. The rows marked `ours` differ, and say how and why.
 */

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const BINARY = 'application/octet-stream';

const UNKNOWN = 'Unknown profile\n';
const UNSUPPORTED = '"seconds" parameter is not supported for this profile type\n';
const SECONDS = 'invalid value for "seconds" - must be a positive integer\n';

interface Row {
  request: string;
  status: number;
  type: string;
  /** Of a file. */
  file?: string;
  location?: string;
  /** The whole body, or how it begins. */
  body?: string | RegExp;
  /** Newer versions of Go, or we, answer something else. */
  ours?: { status: number; type?: string; body?: string; allow?: string; why: string };
}

/** What every answer of ours has, and of Go's not all or none. */
const OURS = {
  // Go leaves it out of redirects alone, whose body is a page like any other.
  nosniff: 'nosniff',
  // Go's say nothing, so that what is between may keep a profile that is out of date, or compress it once more.
  cacheControl: 'no-store, no-transform',
};

const METHODS = { status: 405, type: TEXT, body: 'Method Not Allowed\n', allow: 'GET, HEAD', why: 'Go 1.22 and newer refuse other methods' };
const GZIP = /^\x1f\x8b/;

const ROWS: Row[] = [
  { request: 'GET /debug/pprof/heap', status: 200, type: BINARY, file: 'heap', body: GZIP },
  { request: 'HEAD /debug/pprof/heap', status: 200, type: BINARY, file: 'heap', body: '' },
  { request: 'GET /debug/pprof/heap?gc=1', status: 200, type: BINARY, file: 'heap', body: GZIP },
  { request: 'GET /debug/pprof/allocs', status: 200, type: BINARY, file: 'allocs', body: GZIP },
  { request: 'GET /debug/pprof/block', status: 200, type: BINARY, file: 'block', body: GZIP },
  { request: 'GET /debug/pprof/mutex', status: 200, type: BINARY, file: 'mutex', body: GZIP },
  { request: 'GET /debug/pprof/heap?debug=1', status: 200, type: TEXT, body: /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/\d+\n/ },
  { request: 'GET /debug/pprof/heap?debug=2', status: 200, type: TEXT, body: /^heap profile: / },
  { request: 'GET /debug/pprof/heap?debug=-1', status: 200, type: TEXT, body: /^heap profile: / },
  { request: 'GET /debug/pprof/allocs?debug=1', status: 200, type: TEXT, body: /^heap profile: / },
  { request: 'GET /debug/pprof/block?debug=1', status: 200, type: TEXT, body: /^--- contention:\ncycles\/second=\d+\n/ },
  { request: 'GET /debug/pprof/block?debug=-1', status: 200, type: TEXT, body: GZIP },
  { request: 'GET /debug/pprof/mutex?debug=1', status: 200, type: TEXT, body: /^--- mutex:\ncycles\/second=\d+\nsampling period=1\n/ },
  { request: 'GET /debug/pprof/mutex?debug=-2', status: 200, type: TEXT, body: GZIP },
  { request: 'GET /debug/pprof/heap?seconds=1', status: 200, type: BINARY, file: 'heap-delta', body: GZIP },
  { request: 'GET /debug/pprof/allocs?seconds=1&gc=1', status: 200, type: BINARY, file: 'allocs-delta', body: GZIP },
  { request: 'GET /debug/pprof/block?seconds=1', status: 200, type: BINARY, file: 'block-delta', body: GZIP },
  { request: 'GET /debug/pprof/mutex?seconds=1', status: 200, type: BINARY, file: 'mutex-delta', body: GZIP },

  { request: 'GET /debug/pprof/mutex?debug=abc', status: 200, type: BINARY, file: 'mutex', body: GZIP },
  { request: 'GET /debug/pprof/mutex?debug=1.0', status: 200, type: BINARY, file: 'mutex', body: GZIP },
  { request: 'GET /debug/pprof/mutex?debug=0&debug=1', status: 200, type: BINARY, file: 'mutex', body: GZIP },
  { request: 'GET /debug/pprof/mutex?debug=1;x=2', status: 200, type: BINARY, file: 'mutex', body: GZIP },
  { request: 'GET /debug/pprof/mutex?debug=99999999999999999999', status: 200, type: TEXT, body: /^--- mutex:/ },
  { request: 'GET /debug/pprof/mutex?seconds=', status: 200, type: BINARY, file: 'mutex', body: GZIP },

  { request: 'GET /debug/pprof/nope', status: 404, type: TEXT, body: UNKNOWN },
  { request: 'GET /debug/pprof/nope?debug=1', status: 404, type: TEXT, body: UNKNOWN },
  { request: 'GET /debug/pprof/nope?seconds=x', status: 404, type: TEXT, body: UNKNOWN },
  { request: 'GET /debug/pprof/heap/', status: 404, type: TEXT, body: UNKNOWN },
  { request: 'GET /debug/pprof/heap?seconds=abc', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=0', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=-1', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=1.5', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=99999999999999999999', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=x&debug=1', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/heap?seconds=1&debug=1', status: 400, type: TEXT, body: 'seconds and debug params are incompatible\n' },

  { request: 'GET /debug/pprof/profile?seconds=1', status: 200, type: BINARY, file: 'profile', body: GZIP },
  { request: 'GET /debug/pprof/profile?seconds=1&debug=1', status: 200, type: BINARY, file: 'profile', body: GZIP },
  { request: 'GET /debug/pprof/goroutine', status: 200, type: BINARY, file: 'goroutine', body: GZIP },
  { request: 'GET /debug/pprof/goroutine?debug=1', status: 200, type: TEXT, body: /^goroutine profile: total \d+\n/ },
  { request: 'GET /debug/pprof/goroutine?debug=2', status: 200, type: TEXT, body: /^goroutine \d+ \[/ },
  { request: 'GET /debug/pprof/goroutine?debug=-1', status: 200, type: TEXT, body: GZIP },
  { request: 'GET /debug/pprof/goroutine?seconds=1', status: 200, type: BINARY, file: 'goroutine-delta', body: GZIP },
  { request: 'GET /debug/pprof/threadcreate', status: 200, type: BINARY, file: 'threadcreate', body: GZIP },
  { request: 'GET /debug/pprof/threadcreate?debug=1', status: 200, type: TEXT, body: /^threadcreate profile: total \d+\n/ },
  { request: 'GET /debug/pprof/threadcreate?seconds=1', status: 200, type: BINARY, file: 'threadcreate-delta', body: GZIP },
  { request: 'GET /debug/pprof/example.com/lab.conns', status: 200, type: BINARY, file: 'example.com/lab.conns', body: GZIP },
  { request: 'GET /debug/pprof/example.com/lab.conns?debug=1', status: 200, type: TEXT, body: /^example\.com\/lab\.conns profile: total 1\n1 @ 0x/ },
  { request: 'GET /debug/pprof/example.com%2Flab.conns', status: 200, type: BINARY, file: 'example.com/lab.conns', body: GZIP },
  { request: 'GET /debug/pprof/example.com/lab.conns?seconds=x', status: 400, type: TEXT, body: SECONDS },
  { request: 'GET /debug/pprof/example.com/lab.conns?seconds=4', status: 400, type: TEXT, body: UNSUPPORTED },
  { request: 'GET /debug/pprof/example.com/lab.conns?seconds=4&debug=1', status: 400, type: TEXT, body: UNSUPPORTED },
  { request: 'GET /debug/pprof/example.com/lab.conns?seconds=61', status: 400, type: TEXT, body: UNSUPPORTED },
  { request: 'GET /debug/pprof/example.com/', status: 404, type: TEXT, body: UNKNOWN },
  { request: `GET /debug/pprof/odd%20%3C&%27%22name%3E`, status: 200, type: BINARY, file: `odd <&'"name>`, body: GZIP },
  { request: `GET /debug/pprof/odd%20%3C&%27%22name%3E?debug=1`, status: 200, type: TEXT, body: `odd <&'"name> profile: total 0\n` },

  { request: 'GET /debug/pprof', status: 301, type: HTML, location: '/debug/pprof/', body: '<a href="/debug/pprof/">Moved Permanently</a>.\n\n' },
  { request: 'GET //debug//pprof/heap', status: 301, type: HTML, location: '/debug/pprof/heap', body: '<a href="/debug/pprof/heap">Moved Permanently</a>.\n\n' },
  { request: 'GET /debug/pprof/', status: 200, type: HTML },
  { request: 'GET /debug/pprof/cmdline', status: 200, type: TEXT, body: process.argv.join('\0') },
  { request: 'GET /debug/pprof/symbol', status: 200, type: TEXT, body: 'num_symbols: 1\n' },
  { request: 'GET /debug/pprof/symbol?nope+0+zz', status: 200, type: TEXT, body: 'num_symbols: 1\n' },
  { request: 'POST /debug/pprof/symbol', status: 200, type: TEXT, body: 'num_symbols: 1\n' },

  { request: 'PUT /debug/pprof/mutex', status: 200, type: BINARY, file: 'mutex', ours: METHODS },
  { request: 'POST /debug/pprof/mutex', status: 200, type: BINARY, file: 'mutex', ours: METHODS },
  { request: 'DELETE /debug/pprof/cmdline', status: 200, type: TEXT, ours: METHODS },
  {
    request: 'GET /debug/pprof/trace?seconds=1',
    status: 200,
    type: BINARY,
    file: 'trace',
    ours: { status: 501, type: TEXT, why: 'a recording of what Node.js does not have' },
  },
  {
    request: 'GET /debug/pprof/heap?seconds=61',
    status: 200,
    type: BINARY,
    file: 'heap-delta',
    ours: { status: 400, type: TEXT, body: 'invalid value for "seconds" - must be at most 60\n', why: 'the option maxSeconds' },
  },
];

interface Observed {
  status: number;
  header(name: string): string | undefined;
  /** Bytes as characters. */
  body: string;
}

const options = { cmdline: true, maxSnapshots: 100 };
let server: Server;
const fetchHandler = createFetchHandler(options);

const WAYS: Record<string, (method: string, path: string) => Promise<Observed>> = {
  async handler(method, path) {
    const { status, headers, bytes } = await fetchPath(server, path, { method, ...(method === 'POST' && { body: 'debug=1' }) });
    return { status, header: (name) => headers[name]?.toString(), body: bytes.toString('latin1') };
  },
  async 'fetch handler'(method, path) {
    const request = new Request(`http://localhost${path}`, { method, ...(method === 'POST' && { body: 'debug=1' }) });
    const response = await fetchHandler(request);
    const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
    return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
  },
};

t.before(async () => {
  start();
  newProfile('example.com/lab.conns').add({});
  newProfile(`odd <&'"name>`);
  server = await serve(createHandler(options));
});
t.teardown(async () => {
  await closeServer(server);
  stop();
});

for (const [way, ask] of Object.entries(WAYS)) {
  t.test(`${way}: what Go answers`, async (t) => {
    await Promise.all(
      ROWS.map(async ({ request, status, type, file, location, body, ours }) => {
        const [method = '', path = ''] = request.split(' ');
        const reply = await ask(method, path);
        const expected = {
          status: ours?.status ?? status,
          type: ours?.type ?? type,
          disposition: ours || file === undefined ? undefined : `attachment; filename="${file}"`,
          location,
          ...OURS,
          error: (ours?.status ?? status) >= 400 ? '1' : undefined,
          encoding: undefined,
          allow: ours?.allow,
        };
        const actual = {
          status: reply.status,
          type: reply.header('content-type'),
          disposition: reply.header('content-disposition'),
          location: reply.header('location'),
          nosniff: reply.header('x-content-type-options'),
          cacheControl: reply.header('cache-control'),
          error: reply.header('x-go-pprof'),
          encoding: reply.header('content-encoding'),
          allow: reply.header('allow'),
        };
        t.strictSame(actual, expected, `${request}${ours ? `, ours: ${ours.why}` : ''}`);
        const text = ours ? ours.body : body;
        if (typeof text === 'string') t.equal(reply.body, text, `${request}: body`);
        else if (text !== undefined) t.match(reply.body, text, `${request}: body`);
        if (path === '/debug/pprof/' && method === 'GET') t.notMatch(reply.body, /trace/, 'the index lists only what is served');
      }),
    );
  });
}

t.test('a request that was aborted before', async (t) => {
  const leave = new AbortController();
  leave.abort();
  const response = await fetchHandler(new Request('http://localhost/debug/pprof/heap?seconds=60', { signal: leave.signal }));
  t.match({ status: response.status, text: await response.text() }, { status: 500, text: 'context canceled\n' });
});

t.test('a fetch window ends with its client, and leaves room', async (t) => {
  const one = createFetchHandler({ maxWindows: 1 });
  const leave = new AbortController();
  const window = one(new Request('http://localhost/debug/pprof/heap?seconds=60', { signal: leave.signal }));
  t.equal((await one(new Request('http://localhost/debug/pprof/heap?seconds=1'))).status, 503);
  leave.abort();
  t.equal((await window).status, 500);
  const awake = setInterval(() => {}, 1000);
  t.equal((await one(new Request('http://localhost/debug/pprof/heap?seconds=1'))).status, 200);
  clearInterval(awake);
});
