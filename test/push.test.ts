import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { basename } from 'node:path';
import t, { type Test } from 'tap';
import { push, type PushOptions } from 'mprof/push';
import { decode } from 'mprof/pprof';
import { Outbox } from '../dist/push/outbox';
import { fixture, runJson, runNode, UNOPTIMISED } from './helpers/child';
import { checkFleetRules } from './helpers/fleet-rules';

/* Profiles that the process sends by itself, to servers that take nothing but what their protocols say. */

interface Received {
  profiles: { name: string; labels: Record<string, string>; bytes: Buffer }[];
  headers: IncomingMessage['headers'];
}
type Answer = (attempt: number) => number | undefined;
type Kind = PushOptions['to'];

const KINDS: Record<Kind, (request: IncomingMessage, body: Buffer) => Received['profiles']> = {
  pyroscope(request, body) {
    const { series, ...rest } = parse(request, '/push.v1.PusherService/Push', body) as { series: { labels: Pair[]; samples: Sample[] }[] };
    if (Object.keys(rest).length > 0) throw new Error(`unknown fields: ${Object.keys(rest)}`);
    return series.map(({ labels, samples: [sample, ...more], ...rest }) => {
      if (more.length > 0 || Object.keys(rest).length > 0 || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(sample!.ID!)) throw new Error('not a series');
      return profileOf(labels, sample!);
    });
  },
  parca(request, body) {
    const { series, ...rest } = parse(request, '/api/profiles/writeraw', body) as { series: { labels: { labels: Pair[] }; samples: Sample[] }[] };
    if (Object.keys(rest).length > 0) throw new Error(`unknown fields: ${Object.keys(rest)}`);
    return series.map(({ labels, samples: [sample, ...more] }) => {
      if (more.length > 0 || 'ID' in sample!) throw new Error('not a series');
      return profileOf(labels.labels, sample!);
    });
  },
  otel(request, body) {
    if (request.url !== '/v1/pprof' || request.headers['content-type'] !== 'application/octet-stream') throw new Error(`${request.url} with ${request.headers['content-type']}`);
    return [{ name: '', labels: {}, bytes: body }];
  },
};

interface Pair {
  name: string;
  value: string;
}
interface Sample {
  ID?: string;
  rawProfile: string;
}

function parse(request: IncomingMessage, path: string, body: Buffer): unknown {
  if (request.method !== 'POST' || request.url !== path) throw new Error(`${request.method} ${request.url}`);
  if (request.headers['content-type'] !== 'application/json') throw new Error(`content-type ${request.headers['content-type']}`);
  return JSON.parse(body.toString());
}

function profileOf(labels: readonly Pair[], { rawProfile }: Sample): Received['profiles'][0] {
  const { __name__: name, ...others } = Object.fromEntries(labels.map(({ name, value }) => [name, value]));
  if (name === undefined || Object.keys(others).length !== labels.length - 1) throw new Error('labels without a name, or twice');
  return { name, labels: others, bytes: Buffer.from(rawProfile, 'base64') };
}

/** A server that answers its attempts, counted from 0, with these codes; with none where there is none. */
async function serve(t: Test, kind: Kind, answer: Answer = () => 200): Promise<{ url: string; received: Received[]; wrong: unknown[]; attempts: () => number }> {
  const received: Received[] = [];
  const wrong: unknown[] = [];
  let attempts = 0;
  const server: Server = createServer(async (request, response) => {
    // A program that has waited long enough hangs up.
    const body = await buffer(request).catch(() => undefined);
    const code = answer(attempts++);
    if (body === undefined || code === undefined) return;
    try {
      if (code === 200) received.push({ profiles: KINDS[kind](request, body), headers: request.headers });
    } catch (error) {
      wrong.push(error);
    }
    response.writeHead(code).end(code === 200 ? '{}' : 'for a reason');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, wrong, attempts: () => attempts };
}

const job = (options: object, ending: string): Parameters<typeof runJson> => [fixture('push-job.cjs'), { args: [JSON.stringify(options), ending], flags: UNOPTIMISED }];
/** Of each number. */
const SIZE = 131_072;
const NAMES: Record<string, 'heap' | 'block' | 'mutex' | 'goroutine'> = { memory: 'heap', block: 'block', mutex: 'mutex', goroutine: 'goroutine' };

/** The values of the numbers that the program makes. */
function totals(bytes: Buffer): number[] {
  const { sample, sampleType } = decode(bytes);
  const sums = sampleType.map(() => 0);
  for (const { label, value } of sample) {
    if (label.some(({ num }) => Number(num) === SIZE)) value.forEach((value, i) => (sums[i]! += Number(value)));
  }
  return sums;
}

for (const to of ['pyroscope', 'parca', 'otel'] as const) {
  t.test(`${to}: a job that ends sends its profiles, once`, async (t) => {
    const { url, received, wrong } = await serve(t, to);
    const headers = { 'X-Scope-OrgID': 'shop', Authorization: 'Bearer secret' };
    const stats = await runJson(...job({ to, url, headers, labels: { region: 'eu' } }, 'end'));
    t.same(wrong, []);
    t.match(stats, { code: 0, sent: to === 'otel' ? received.length : 1, retries: 0, dropped: 0, waiting: 0, waitingBytes: 0 });
    t.match(received[0]!.headers, { 'x-scope-orgid': 'shop', authorization: 'Bearer secret' });
    const profiles = received.flatMap(({ profiles }) => profiles);
    if (to !== 'otel') {
      t.ok(profiles.some(({ name }) => name === 'memory') && profiles.some(({ name }) => name === 'block'));
      for (const { name, labels, bytes } of profiles) {
        t.same(checkFleetRules(bytes, { kind: NAMES[name]! }), [], name);
        t.same(labels, { service_name: basename(fixture('push-job.cjs')), region: 'eu', ...(to === 'pyroscope' && { __delta__: 'false' }) });
      }
    }
    const heap = profiles.find(({ bytes }) => decode(bytes).stringTable.includes('inuse_space'))!;
    // Of so many that each is sampled, but for a chance of exp(-32).
    t.equal(totals(heap.bytes)[0], 100);
  });

  t.test(`${to}: round by round`, async (t) => {
    const { url, received, wrong } = await serve(t, to);
    const { made } = await runJson<{ made: number }>(...job({ to, url, interval: 1 }, 'rounds'));
    t.same(wrong, []);
    const heaps = received.flatMap(({ profiles }) => profiles).filter(({ bytes }) => decode(bytes).stringTable.includes('inuse_space'));
    t.ok(heaps.length >= 2, `${heaps.length} rounds`);
    const allocated = heaps.map(({ bytes }) => totals(bytes)[0]!);
    if (to === 'parca') {
      t.same(allocated, [...allocated].sort((a, b) => a - b), 'what has been allocated since the start');
      t.equal(allocated.at(-1), made);
    } else {
      t.equal(allocated.reduce((sum, value) => sum + value, 0), made, 'what has been allocated since the last one');
    }
    t.equal(totals(heaps.at(-1)!.bytes)[2], made, 'and what is in use');
  });
}

t.test('stop() sends what there is, for a program that ends itself', async (t) => {
  const { url, received } = await serve(t, 'pyroscope');
  const { code, stdout } = await runNode(...job({ to: 'pyroscope', url: `${url}/`, interval: 3600 }, 'exit'));
  t.equal(code, 3);
  t.match(JSON.parse(stdout), { sent: 1, dropped: 0 });
  t.equal(received.length, 1);
});

t.test('a server that fails for a while', async (t) => {
  const { url, received, attempts } = await serve(t, 'pyroscope', (attempt) => (attempt < 2 ? 503 : 200));
  const { code, stderr } = await runNode(...job({ to: 'pyroscope', url, interval: 1 }, 'rounds'));
  t.equal(code, 0);
  t.match(stderr, /^http:\S+\/push\.v1\.PusherService\/Push: 503 for a reason\n$/, 'it is said once');
  const made = received.flatMap(({ profiles }) => profiles).filter(({ name }) => name === 'memory');
  t.ok(attempts() >= received.length + 2 && made.length >= 3, 'nothing is lost');
});

t.test('a message that is no good is not in the way of others', async (t) => {
  const { url, attempts } = await serve(t, 'otel', (attempt) => (attempt === 0 ? 501 : 200));
  const errors: string[] = [];
  const outbox = new Outbox({ url: new URL(url), headers: {} }, ({ message }) => errors.push(message));
  const message = { path: '/v1/pprof', contentType: 'application/octet-stream', body: Buffer.from('x') };
  outbox.add([message, message]);
  await outbox.finish(20_000);
  t.match(outbox.counters(), { sent: 1, dropped: 1, retries: 0, waiting: 0 });
  t.same([attempts(), errors.length], [2, 1]);
});

t.test('a server that refuses', async (t) => {
  const { url, attempts } = await serve(t, 'pyroscope', () => 400);
  const { code, stdout, stderr } = await runNode(...job({ to: 'pyroscope', url }, 'end'));
  t.equal(code, 0, 'the exit code is what it was');
  t.equal(attempts(), 1, 'is not asked again');
  t.match(JSON.parse(stdout), { sent: 0, dropped: 1, waiting: 0 });
  t.match(stderr, /^1 profile message was dropped: http:\S+: 400 for a reason\n$/);
});

t.test('a server that is not there, or does not answer, delays the end by some seconds at most', async (t) => {
  const { url } = await serve(t, 'pyroscope', () => undefined);
  for (const to of [url, 'http://127.0.0.1:9']) {
    const began = Date.now();
    const { code, stdout } = await runNode(...job({ to: 'pyroscope', url: to }, 'end'));
    t.equal(code, 0);
    t.match(JSON.parse(stdout), { sent: 0, dropped: 1 });
    t.ok(Date.now() - began < 30_000);
  }
});

t.test('what waits is bounded', async (t) => {
  const { url } = await serve(t, 'pyroscope', () => undefined);
  const errors: string[] = [];
  const outbox = new Outbox({ url: new URL(url), headers: {} }, ({ message }) => errors.push(message));
  const message = (): { path: string; contentType: string; body: Buffer } => ({ path: '/', contentType: 'application/json', body: Buffer.alloc(2 ** 20) });
  // One is being sent.
  outbox.add([message()]);
  outbox.add(Array.from({ length: 16 }, message));
  t.match(outbox.counters(), { dropped: 0, waiting: 17, waitingBytes: 2 ** 24 });
  outbox.add([message(), message()]);
  t.match(outbox.counters(), { dropped: 2, waiting: 17, waitingBytes: 2 ** 24 });
  t.same(errors, ['2 profile messages were dropped: more than 16777216 bytes wait to be sent']);
  await outbox.finish(10);
  t.match(outbox.counters(), { sent: 0, dropped: 19, waiting: 0, waitingBytes: 0 });
});

t.test('wrong options', (t) => {
  const url = 'http://127.0.0.1:1';
  for (const [options, name, message] of [
    [null, 'TypeError', 'options must be an object, got null'],
    [{ to: 'tempo', url }, 'RangeError', 'to must be one of pyroscope, parca, otel, got "tempo"'],
    [{ to: 'otel' }, 'TypeError', 'url must be an http: or https: URL, got undefined'],
    [{ to: 'otel', url: 'ftp://user:secret@x' }, 'RangeError', 'url must be an http: or https: URL'],
    [{ to: 'otel', url, interval: 0 }, 'RangeError', 'interval must be a number from 1 to 86400, got 0'],
    [{ to: 'otel', url, headers: { 'a b': 'x' } }, 'RangeError', /^names in headers must be like .*, got "a b"$/],
    [{ to: 'otel', url, headers: { a: 'x\ny' } }, 'RangeError', /^headers.a must be like /],
    [{ to: 'otel', url, labels: { __name__: 'x' } }, 'RangeError', /^names in labels must be like .*, got "__name__"$/],
    [{ to: 'otel', url, labels: { a: 1 } }, 'TypeError', 'labels.a must be a string, got number'],
    [{ to: 'otel', url, onError: 1 }, 'TypeError', 'onError must be a function, got 1'],
  ] as const) {
    t.throws(() => push(options as unknown as PushOptions), { name, message });
  }
  t.end();
});
