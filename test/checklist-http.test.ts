import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { handler } from 'mprof/http';
import { decode, type Profile } from 'mprof/pprof';
import { fixture, OWN_COLLECTIONS } from './helpers/child';
import { checkFleetRules } from './helpers/fleet-rules';
import { goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchFrom, fetchPath, words, type FetchOptions, type Reply } from './helpers/http-client';
import { inParallel } from './helpers/in-parallel';

/* The items of the compatibility checklist that concern HTTP, asked of a service in a process of its own. */

const TEXT = 'text/plain; charset=utf-8';
const BINARY = 'application/octet-stream';
const SECONDS = 'invalid value for "seconds" - must be a positive integer\n';

let child: ChildProcess;
let lines: AsyncIterator<string>;
let ports: { port: number; control: number; argv: string[] };
let url: string;

t.before(async () => {
  const node = [process.execPath, ...OWN_COLLECTIONS, fixture('checklist-http.cjs')];
  child = spawn('env', ['-u', 'NODE_OPTIONS', ...node], { stdio: ['pipe', 'pipe', 'inherit'] });
  lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  ports = JSON.parse((await lines.next()).value);
  url = `http://127.0.0.1:${ports.port}/debug/pprof`;
  // It ends with this process, and does not keep it.
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
});

const get = (path: string, options?: FetchOptions): Promise<Reply> => fetchFrom({ host: '127.0.0.1', port: ports.port }, `/debug/pprof/${path}`, options);

async function order(name: string): Promise<void> {
  await fetchFrom({ host: '127.0.0.1', port: ports.control }, `/${name}`);
}

/** The requests that the service has got since the last time. */
async function takeRequests(): Promise<string[]> {
  await order('requests');
  return JSON.parse((await lines.next()).value);
}

async function isError(t: Test, path: string, status: number, text: string): Promise<void> {
  const reply = await get(path);
  t.match(reply, { status, text, headers: { 'content-type': TEXT, 'x-go-pprof': '1', 'x-content-type-options': 'nosniff' } }, path);
  t.equal(reply.text, text);
  t.notOk(reply.headers['content-disposition']);
}

t.test('1: one GET and nothing else', needsGo(), async (t) => {
  await takeRequests();
  const { stdout, stderr } = await goPprof(['-top'], `${url}/heap`);
  t.match(stdout, /^Type: inuse_space$/m);
  t.match(stderr, /^Fetching profile over HTTP from [^\n]+\nSaved profile in [^\n]+\n$/);
  t.same(await takeRequests(), ['GET /debug/pprof/heap']);
});

t.test('13: symbol', async (t) => {
  const [, address = '', next = ''] = /@ (0x[0-9a-f]+) (0x[0-9a-f]+)/.exec((await get('heap?debug=1')).text) ?? [];
  const line = (word: string): string => `${word} [^\\n]+\\n`;
  const body = `${address}+${next}`;
  const post = await get('symbol', { method: 'POST', body, headers: { 'Content-Type': BINARY } });
  t.match(post, { status: 200, headers: { 'content-type': TEXT }, text: new RegExp(`^num_symbols: 1\\n${line(address)}${line(next)}$`) });
  t.equal((await get(`symbol?${body}`)).text, post.text, 'the same from the query');
  t.equal((await get(`symbol?zz+${body}+0+-1+0x+12x+1e3+0x1`)).text, post.text, 'garbage and unknown ones are left out');
  t.equal((await get('symbol', { method: 'POST', body: '' })).text, 'num_symbols: 1\n');
  t.equal((await get('symbol')).text, 'num_symbols: 1\n');
});

t.test('13: text profiles under names with slashes', needsGo(), async (t) => {
  await takeRequests();
  const { stdout } = await goPprof(['-top'], `${url}/example.com/connections?debug=1`);
  t.match(stdout, /^ +1 +100% +100% +1 +100% +(?!<unknown>)\S/m);
  t.same(await takeRequests(), ['GET /debug/pprof/example.com/connections?debug=1', 'POST /debug/pprof/example.com/symbol']);
});

t.test('22: unknown profiles', needsGo(), async (t) => {
  for (const path of words('nope nope?debug=1 nope?seconds=x nope?seconds=1&debug=1 heap/ example.com example.com/')) {
    await isError(t, path, 404, 'Unknown profile\n');
  }
  await t.rejects(goPprof(['-top'], `${url}/nope`), { message: /server response: 404 Not Found - Unknown profile/ });
});

t.test('23: what seconds can be', async (t) => {
  for (const seconds of words('abc 0 -1 1.5 99999999999999999999')) await isError(t, `heap?seconds=${seconds}`, 400, SECONDS);
  t.match(await get('heap?seconds='), { status: 200, headers: { 'content-disposition': 'attachment; filename="heap"' } });
});

t.test('24: the order of the checks', async (t) => {
  await isError(t, 'heap?seconds=1&debug=1', 400, 'seconds and debug params are incompatible\n');
  await isError(t, 'example.com/connections?seconds=1', 400, '"seconds" parameter is not supported for this profile type\n');
  await isError(t, 'example.com/connections?seconds=1&debug=1', 400, '"seconds" parameter is not supported for this profile type\n');
  await isError(t, 'example.com/connections?seconds=x', 400, SECONDS);
});

t.test('25: a window', needsGo(), async (t) => {
  const sites = (profile: Profile): Record<string, number[]> => {
    const name = new Map(profile.function.map((fn) => [fn.id, profile.stringTable[Number(fn.name)]!]));
    const line = new Map(profile.location.map((location) => [location.id, name.get(location.line[0]!.functionId)!]));
    const sums: Record<string, number[]> = {};
    for (const { locationId, value } of profile.sample) {
      for (const found of new Set(locationId.map((id) => line.get(id)!))) sums[found] = value.map((number, i) => Number(number) + (sums[found]?.[i] ?? 0));
    }
    return sums;
  };
  /** A window in which these orders were carried out, all of them; on a busy machine it may take several tries. */
  const during = async (path: string, before: string[], within: string[]): Promise<Reply & { seconds: number }> => {
    for (;;) {
      for (const name of before) await order(name);
      await takeRequests();
      let isOver = false;
      const start = performance.now();
      const reply = get(path).finally(() => (isOver = true));
      while (!(await takeRequests()).includes(`GET /debug/pprof/${path}`));
      for (const name of within) await order(name);
      if (!isOver) return { ...(await reply), seconds: (performance.now() - start) / 1000 };
    }
  };

  const grown = await during('heap?seconds=2', ['names', 'gc'], ['keep', 'gc']);
  t.equal(grown.headers['content-disposition'], 'attachment; filename="heap-delta"');
  const kept = sites(decode(grown.bytes))['orders.keep'] ?? sites(decode(grown.bytes))['keep'];
  t.ok(kept && kept[0]! >= 100 && kept[2]! >= 100, `grown by what was allocated: ${kept}`);
  const { stdout } = await goPprof(['-raw'], grown.bytes);
  const [, seconds = ''] = /^Duration: (\d+\.?\d*)/m.exec(stdout) ?? [];
  t.ok(Number(seconds) >= 2 && Number(seconds) <= grown.seconds && Number(seconds) < 7, `lasts ${seconds} s`);
  t.ok(sites(decode((await get('heap')).bytes))['größe'], 'there is more than what has changed');
  t.notOk(sites(decode(grown.bytes))['größe'], 'but not in the window');
  t.ok(decode(grown.bytes).sample.every(({ value }) => value.some((number) => Number(number) !== 0)), 'no sample without a change');

  const freed = sites(decode((await during('heap?seconds=2', ['keep', 'keep', 'gc'], ['free', 'gc'])).bytes));
  const gone = freed['orders.keep'] ?? freed['keep'];
  t.ok(gone && gone[0] === 0 && gone[2]! <= -200 && gone[3]! < 0, `negative where something was freed: ${gone}`);

  const allocs = await during('allocs?seconds=2', ['gc'], ['keep', 'gc']);
  t.equal(allocs.headers['content-disposition'], 'attachment; filename="allocs-delta"');
  t.notMatch((await goPprof(['-raw'], allocs.bytes)).stdout, '[dflt]');

  const without = decode((await during('heap?seconds=1&gc=1', ['gc'], ['keep'])).bytes);
  t.equal(without.sample.length, 0, 'nothing without a collection, and gc=1 makes none');
  t.match((await goPprof(['-top'], (await during('heap?seconds=1', ['gc'], [])).bytes)).stdout, 'Showing nodes accounting for 0');
});

t.test('26: headers', async (t) => {
  const rows: [paths: string, type: string, file: (name: string) => string | undefined][] = [
    ['heap allocs block mutex goroutine threadcreate example.com/connections', BINARY, (path) => path],
    ['heap?debug=abc block?debug=abc heap?debug=0&debug=1 mutex?debug=0', BINARY, (path) => path.replace(/\?.*/, '')],
    ['heap?debug=1 allocs?debug=2 block?debug=1 mutex?debug=1 threadcreate?debug=1 example.com/connections?debug=1', TEXT, () => undefined],
    ['goroutine?debug=1 goroutine?debug=2 goroutine?debug=-1', TEXT, () => undefined],
    ['heap?debug=-1 allocs?debug=-1 block?debug=-1 mutex?debug=-1 threadcreate?debug=-1 example.com/connections?debug=-1', TEXT, () => undefined],
    ['heap?seconds=1 allocs?seconds=1 block?seconds=1 mutex?seconds=1', BINARY, (path) => path.replace(/\?.*/, '-delta')],
    ['goroutine?seconds=1 threadcreate?seconds=1', BINARY, (path) => path.replace(/\?.*/, '-delta')],
    ['profile?seconds=1 profile?seconds=1&debug=1', BINARY, () => 'profile'],
    ['cmdline symbol', TEXT, () => undefined],
    ['', 'text/html; charset=utf-8', () => undefined],
  ];
  for (const [paths, type, file] of rows) {
    await Promise.all(
      words(paths).map(async (path) => {
        const { status, headers, bytes } = await get(path);
        const name = file(path);
        t.strictSame(
          [status, headers['content-type'], headers['content-disposition'], headers['x-content-type-options'], headers['x-go-pprof']],
          [200, type, name && `attachment; filename="${name}"`, 'nosniff', undefined],
          path,
        );
        if (type === BINARY || /^(block|mutex|goroutine|threadcreate|example.*)\?debug=-1/.test(path)) t.same([...bytes.subarray(0, 2)], [0x1f, 0x8b], `${path}: protobuf`);
      }),
    );
  }
});

t.test('27: the index', async (t) => {
  const redirect = await get('../pprof');
  t.match(redirect, { status: 301, headers: { location: '/debug/pprof' } }, 'cleaned first');
  const { status, headers, text } = await fetchFrom({ host: '127.0.0.1', port: ports.port }, '/debug/pprof');
  t.match({ status, headers, text }, { status: 301, headers: { location: '/debug/pprof/' }, text: '<a href="/debug/pprof/">Moved Permanently</a>.\n\n' });

  const page = (await get('')).text;
  const rows = [...page.matchAll(/<td class="count">(\d+)<\/td><th scope="row"><a href="([^"]+)\?debug=1">([^<]+)<\/a>.*<td>([^<]+)<\/td><\/tr>/g)];
  const names = rows.map(([, , , name]) => name);
  t.same(names, [...names].sort(), 'by name');
  for (const name of words('allocs block example.com/connections goroutine heap mutex threadcreate')) t.ok(names.includes(name), name);
  t.notOk(page.includes('trace'), 'nothing that is not served');
  t.match(page, '<a href="goroutine?debug=2"', 'every stack in full');
  t.equal(rows.find(([, , , name]) => name === 'example.com/connections')?.[1], '1', 'entries of a custom profile');
  const heap = rows.find(([, , , name]) => name === 'heap');
  t.ok(Number(heap?.[1]) > 0, 'as many as there are');

  const odd = page.match(/<a href="([^"]+)\?debug=1">(odd [^<]+)<\/a>/);
  t.match(odd, { 1: 'odd%20%3C%26%27%22name%3E', 2: 'odd &lt;&amp;&#39;&#34;name&gt;' }, 'names are escaped');
  t.match(await get(`${odd?.[1]}?debug=1`), { status: 200, text: `odd <&'"name> profile: total 0\n` }, 'and lead to the profile');
});

t.test('28: cmdline, and HEAD', async (t) => {
  t.equal((await get('cmdline')).text, ports.argv.join('\0'));
  const profiles = 'heap allocs block mutex goroutine threadcreate example.com/connections heap?debug=1 goroutine?debug=2 heap?seconds=1';
  const others = 'profile?seconds=1 delta_heap delta_block delta_mutex cmdline symbol trace nope';
  for (const path of words(`${profiles} ${others}`).concat('')) {
    const [head, full] = await Promise.all([get(path, { method: 'HEAD' }), get(path)]);
    t.equal(head.status, full.status, path);
    t.equal(head.bytes.length, 0, `${path}: no body`);
    for (const header of words('content-type content-disposition x-go-pprof')) t.equal(head.headers[header], full.headers[header], `${path}: ${header}`);
  }
});

t.test('31: the tool takes everything', needsGo(), async (t) => {
  await order('names');
  await order('gc');
  for (const index of words('alloc_objects alloc_space inuse_objects inuse_space 0 1 2 3')) {
    const { stdout } = await goPprof(['-top', `-sample_index=${index}`], `${url}/heap`);
    t.match(stdout, /^Showing nodes accounting for [1-9]/m, index);
  }
  for (const option of words('-lines -list=large -peek=größe -tags -traces')) {
    const { stdout } = await goPprof(option === '-lines' ? ['-top', '-lines'] : [option], `${url}/heap`);
    t.ok(stdout.length > 0, option);
  }
  const { stdout: traces } = await goPprof(['-traces'], `${url}/heap`);
  for (const name of ['<anonymous>', '(anonymous)', 'größe', 'Array<T>.map', 'A::b', 'operator new']) {
    t.match(traces, new RegExp(` ${name.replace(/[()]/g, '\\$&')}$`, 'm'), name);
  }
});

t.test('33: what is served keeps the rules of all readers', async (t) => {
  for (const [path, kind, windowed] of [
    ['heap', 'heap', false],
    ['allocs', 'allocs', false],
    ['block', 'block', false],
    ['mutex', 'mutex', false],
    ['threadcreate', 'threadcreate', false],
    ['heap?seconds=1', 'heap', true],
    ['allocs?seconds=1', 'allocs', true],
    ['block?seconds=1', 'block', true],
    ['delta_heap', 'heap', false],
    ['delta_block', 'block', false],
    ['delta_mutex', 'mutex', false],
  ] as const) {
    const { bytes, headers } = await get(path, { headers: { 'Accept-Encoding': 'gzip' } });
    t.same([...bytes.subarray(0, 2)], [0x1f, 0x8b], path);
    t.notOk(headers['content-encoding'], `${path}: no Content-Encoding`);
    t.same(checkFleetRules(bytes, { kind, windowed }), [], path);
  }
});

t.test('32: what is off is valid and empty', needsGo(), async (t) => {
  const idle = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '-e', "require('mprof/http').listen({ port: 0 }).then((server) => console.log(server.address().port)); process.stdin.resume()"], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => idle.kill());
  const [output] = (await once(idle.stdout, 'data')) as [Buffer];
  const where = `http://127.0.0.1:${Number(output)}/debug/pprof`;
  const paths = words('heap allocs block mutex heap?gc=1 heap?seconds=1 allocs?seconds=1 block?seconds=1 mutex?seconds=1 delta_heap delta_block delta_mutex');
  await inParallel(paths, 6, async (path) => {
    const reply = await fetchFrom({ host: '127.0.0.1', port: Number(output) }, `/debug/pprof/${path}`);
    t.equal(reply.status, 200, path);
    const kind = path.replace(/\?.*/, '').replace('delta_', '');
    t.same(checkFleetRules(reply.bytes, { kind, windowed: path.includes('seconds') }), [], path);
    t.equal(decode(reply.bytes).sample.length, 0, path);
  });
  await inParallel(paths.concat(words('heap?debug=1 allocs?debug=1 block?debug=1 mutex?debug=1')), 6, async (path) => {
    t.match((await goPprof(['-top'], `${where}/${path}`)).stdout, 'Showing nodes accounting for 0', path);
  });
});

t.test('34: no server cuts a window', async (t) => {
  const limits = { requestTimeout: 900, headersTimeout: 800, keepAliveTimeout: 800, connectionsCheckingInterval: 100 };
  const server = createServer(limits, handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => closeServer(server));
  server.setTimeout(900);
  const replies = await Promise.all(['heap', 'allocs', 'block'].map((name) => fetchPath(server, `/debug/pprof/${name}?seconds=1`)));
  for (const { status, headers, bytes } of replies) {
    t.equal(status, 200);
    t.equal(Number(headers['content-length']), bytes.length, 'as a whole');
    decode(bytes);
  }

  const pipeline = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  for (const seconds of [1, 3]) pipeline.write(`GET /debug/pprof/block?seconds=${seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let text = '';
  for await (const chunk of pipeline) text += chunk;
  t.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 2, 'two in a pipeline, and closed only after that');
});

t.test('34: nor with HTTP/2', async (t) => {
  const server = createHttp2Server((req, res) => void handler(req as never, res as never)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.setTimeout(900);
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.teardown(() => {
    session.destroy();
    server.close();
  });
  const ask = async (path: string): Promise<[status: number, bytes: number]> => {
    const stream = session.request({ ':path': `/debug/pprof/${path}` });
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    return [Number(headers[':status']), bytes];
  };
  for (const [status, bytes] of await Promise.all([ask('heap?seconds=1'), ask('heap?seconds=2')])) {
    t.equal(status, 200);
    t.ok(bytes > 0);
  }
});
