import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { newProfile, start, stop } from 'mprof';
import { createHandler } from 'mprof/http';
import { fixture } from './helpers/child';
import { closeServer, serve } from './helpers/http-client';

/*
 * Answers of a Go 1.19 server, recorded in test/fixtures/go-golden: NAME.headers is the status line and the headers as they
 * came, NAME.body what followed where that does not depend on the program. Answers to the same requests are compared with
 * them byte for byte.
 */

const FOLDER = fixture('go-golden');
const ODD = 'odd%20%3C&%27%22name%3E';

/** A request that has each recording for its answer: GET, or else with its method, below /debug/pprof/ unless it begins with a slash. */
const REQUESTS: Record<string, string> = {
  'errors/debug-bad': 'threadcreate?debug=abc',
  'errors/debug-float': 'threadcreate?debug=1.0',
  'errors/debug-overflow': 'threadcreate?debug=99999999999999999999',
  'errors/debug-semicolon': 'threadcreate?debug=1;x=2',
  'errors/debug-two': 'threadcreate?debug=0&debug=1',
  'errors/doubleslash': '//debug//pprof/heap',
  'errors/noslash': '/debug/pprof',
  'errors/seconds-bad': 'heap?seconds=abc',
  'errors/seconds-custom': 'example.com/lab.conns?seconds=1',
  'errors/seconds-custom-bad': 'example.com/lab.conns?seconds=x',
  'errors/seconds-debug': 'heap?seconds=1&debug=1',
  'errors/seconds-empty': 'threadcreate?seconds=',
  'errors/seconds-float': 'heap?seconds=1.5',
  'errors/seconds-huge': 'heap?seconds=99999999999999999999',
  'errors/seconds-neg': 'heap?seconds=-1',
  'errors/seconds-zero': 'heap?seconds=0',
  'errors/trailing-slash': 'heap/',
  'errors/unknown': 'nope',
  'errors/unknown-debug': 'nope?debug=1',
  'errors/wt-example.com_lab.conns_seconds_4': 'example.com/lab.conns?seconds=4',
  'errors/wt-heap_seconds_x': 'heap?seconds=x',
  'http/allocs-delta.pb.gz': 'allocs?seconds=1',
  'http/allocs.debug1': 'allocs?debug=1',
  'http/allocs.pb.gz': 'allocs',
  'http/block-delta.pb.gz': 'block?seconds=1',
  'http/block.debug1': 'block?debug=1',
  'http/block.debugneg1': 'block?debug=-1',
  'http/block.pb.gz': 'block',
  'http/cmdline': 'cmdline',
  'http/custom-empty.debug1': `${ODD}?debug=1`,
  'http/custom-empty.pb.gz': ODD,
  'http/custom.debug1': 'example.com/lab.conns?debug=1',
  'http/custom.pb.gz': 'example.com/lab.conns',
  'http/goroutine-delta.pb.gz': 'goroutine?seconds=1',
  'http/goroutine.debug1': 'goroutine?debug=1',
  'http/goroutine.debug2': 'goroutine?debug=2',
  'http/goroutine.debugneg1': 'goroutine?debug=-1',
  'http/goroutine.pb.gz': 'goroutine',
  'http/head.heap': 'HEAD heap',
  'http/heap-delta-free.pb.gz': 'heap?seconds=1',
  'http/heap-delta.pb.gz': 'heap?seconds=1',
  'http/heap.debug1': 'heap?gc=1&debug=1',
  'http/heap.debug2': 'heap?debug=2',
  'http/heap.debugneg1': 'heap?debug=-1',
  'http/heap.nogc.debug1': 'heap?debug=1',
  'http/heap.nogc.pb.gz': 'heap',
  'http/heap.pb.gz': 'heap?gc=1',
  'http/index': '',
  'http/mutex-delta.pb.gz': 'mutex?seconds=1',
  'http/mutex.debug1': 'mutex?debug=1',
  'http/mutex.pb.gz': 'mutex',
  'http/profile.1s.pb.gz': 'profile?seconds=1',
  'http/symbol.get': 'symbol',
  'http/symbol.getpc': 'symbol?0x10+0x20',
  'http/symbol.post': 'POST symbol',
  'http/threadcreate-delta.pb.gz': 'threadcreate?seconds=1',
  'http/threadcreate.debug1': 'threadcreate?debug=1',
  'http/threadcreate.pb.gz': 'threadcreate',
};

const METHODS = 'Go 1.22 and newer refuse the method with 405, and so do we';
const WRITE_TIMEOUT = "Node.js's servers have no write timeout, and Go 1.23 and newer put it off; here a window is as long as asked for";
const NO_TRACES = 'there are no execution traces in Node.js: 501 says what to use instead';

/** Recordings of what we answer differently, and why. */
const DIFFERENT: Record<string, string> = {
  'errors/delete-cmdline': METHODS,
  'errors/put': METHODS,
  'errors/post-form': METHODS,
  'errors/trace-inuse': NO_TRACES,
  'errors/wt-heap_seconds_4': WRITE_TIMEOUT,
  'errors/wt-heap_seconds_4_debug_1': WRITE_TIMEOUT,
  'errors/wt-profile': WRITE_TIMEOUT,
  'errors/wt-profile_seconds_4': WRITE_TIMEOUT,
  'errors/wt-trace_seconds_4': WRITE_TIMEOUT,
  'http/trace.1s': NO_TRACES,
};

/** Asked for on its own. */
const EXCLUSIVE = 'errors/profile-inuse';

/** Headers whose values differ from one answer to the next, or with the length of what is not the same. */
const VARIABLE = new Set(['Date', 'Content-Length', 'Transfer-Encoding']);

/** Headers of ours that Go does not send. */
const OURS: Record<string, string> = {
  'Cache-Control': 'a profile is never what it was, and must not be compressed on its way',
  Connection: 'closed, as the request asks for',
  'Content-Security-Policy': 'of the index, which is a page of our own',
  'X-Content-Type-Options': 'Go leaves it out of redirects only',
};

interface Answer {
  statusLine: string;
  /** By their names as they are written. */
  headers: Map<string, string>;
  body: string;
}

function parse(bytes: string): Answer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
  return { statusLine, headers, body: bytes.slice(end + 4) };
}

async function ask(server: Server, request: string): Promise<Answer> {
  const [, method = 'GET', path = ''] = /^(?:([A-Z]+) )?(.*)$/.exec(request)!;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  const length = method === 'POST' ? 'Content-Length: 0\r\n' : '';
  socket.write(`${method} ${path.startsWith('/') ? path : `/debug/pprof/${path}`} HTTP/1.1\r\nHost: localhost\r\n${length}Connection: close\r\n\r\n`);
  let bytes = '';
  for await (const chunk of socket) bytes += chunk;
  return parse(bytes);
}

function compare(t: Test, name: string, answer: Answer): void {
  const file = `${FOLDER}/${name}`;
  const recorded = parse(readFileSync(`${file}.headers`, 'latin1'));
  const isWhole = existsSync(`${file}.body`);
  const isFixed = (header: string): boolean => !VARIABLE.has(header) || (isWhole && header === 'Content-Length');
  const fixed = [...recorded.headers].filter(([header]) => isFixed(header));
  t.equal(answer.statusLine, recorded.statusLine, `${name}: status`);
  t.same(fixed.map(([header]) => [header, answer.headers.get(header)]), fixed, `${name}: headers`);
  const more = [...answer.headers.keys()].filter((header) => !recorded.headers.has(header) && !VARIABLE.has(header) && !(header in OURS));
  t.same(more, [], `${name}: and no others`);
  if (isWhole) t.equal(answer.body, readFileSync(`${file}.body`, 'latin1'), `${name}: body`);
}

t.before(() => {
  start();
  newProfile('example.com/lab.conns').add({});
  newProfile(`odd <&'"name>`);
});
t.teardown(stop);

t.test('every recording is compared, or it is said why not', async (t) => {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.headers'));
  const accounted = [...Object.keys(REQUESTS), ...Object.keys(DIFFERENT), EXCLUSIVE].map((name) => `${name}.headers`);
  t.same(names.sort(), accounted.sort());
});

t.test('the same requests', async (t) => {
  const server = await serve(createHandler({ cmdline: true, maxSnapshots: 100, maxWindows: 100 }));
  t.teardown(() => closeServer(server));
  const answers = await Promise.all(Object.values(REQUESTS).map((request) => ask(server, request)));
  Object.keys(REQUESTS).forEach((name, i) => compare(t, name, answers[i]!));
});

t.test('a second CPU profile, where one at a time is allowed', async (t) => {
  const server = await serve(createHandler({ exclusiveCpuProfile: true }));
  t.teardown(() => closeServer(server));
  const answers = await Promise.all([ask(server, 'profile?seconds=1'), ask(server, 'profile?seconds=1')]);
  const [refused] = answers.sort((a, b) => (a.statusLine > b.statusLine ? -1 : 1));
  compare(t, EXCLUSIVE, refused!);
});
