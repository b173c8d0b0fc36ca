import type { Server } from 'node:http';
import t, { type Test } from 'tap';
import { lookup, newProfile, profiles, type CustomProfile } from 'mprof';
import { listen } from 'mprof/http';
import { decode, type Profile as Decoded } from 'mprof/pprof';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, runJson } from './helpers/child';
import { checkFleetRules } from './helpers/fleet-rules';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchPath, type Reply } from './helpers/http-client';

/* The profiles that count stacks: threadcreate and the program's own. */

let server: Server;
const get = (path: string): Promise<Reply> => fetchPath(server, `/debug/pprof/${path}`);

t.before(async () => {
  server = await listen({ port: 0 });
});
t.after(() => closeServer(server));

/** The names of each sample's frames, leaf first, after its value. */
function samplesOf({ sample, location, function: functions, stringTable }: Decoded): [value: number, ...names: string[]][] {
  const nameOf = (id: number): string => stringTable[Number(functions[Number(location[id - 1]!.line[0]!.functionId) - 1]!.name)]!;
  return sample.map(({ value, locationId }) => [Number(value[0]), ...locationId.map((id) => nameOf(Number(id)))]);
}

/** That Go reads the text as the protobuf, whose first line says how many there are. */
async function checkText(t: Test, name: string, text: string, bytes: Uint8Array): Promise<void> {
  const [header = '', ...lines] = text.split('\n');
  const total = samplesOf(decode(bytes)).reduce((sum, [value]) => sum + value, 0);
  t.equal(header, `${name} profile: total ${total}`, `${name}: the sum of all counts`);
  t.equal(lines.filter((line) => / @ 0x/.test(line)).length, decode(bytes).sample.length, `${name}: a record for each sample`);
  t.match(text, /\n$/, `${name}: ends with a newline`);
  await t.test(`${name}: Go reads the text`, needsGo(), async (t) => {
    const { profiles } = await goCheck(Buffer.from(text), bytes);
    t.same(profiles[0]!.totals, profiles[1]!.totals);
    t.same(profiles[0]!.sampleTypes, profiles[1]!.sampleTypes);
  });
}

function connect(profile: CustomProfile, value: unknown, skip?: number): void {
  profile.add(value, skip);
}

t.test('29: a custom profile', async (t) => {
  const connections = newProfile('example.com/pool.connections');
  t.equal(lookup('example.com/pool.connections'), connections, 'is known by its name');
  t.ok(profiles().includes(connections));
  t.same(profiles().map(({ name }) => name), profiles().map(({ name }) => name).sort(), 'among the others');

  const values = [{}, {}, {}];
  for (const value of values) connect(connections, value);
  connect(connections, 'by value');
  t.equal(connections.count(), 4);
  const decoded = decode(await connections.toBuffer());
  const [three, one, ...others] = samplesOf(decoded);
  t.same(others, []);
  t.match(three, [3, 'connect'], 'three from one place are one sample');
  t.match(one, [1, 'connect']);
  t.same(decoded.sampleType.map(({ type, unit }) => [decoded.stringTable[Number(type)], decoded.stringTable[Number(unit)]]), [
    ['example.com/pool.connections', 'count'],
  ]);
  t.equal(Number(decoded.period), 1);
  t.equal(decoded.comment.length, 0);

  for (const value of [values[0], 'by value']) {
    t.throws(() => connections.add(value), {
      name: 'Error',
      code: 'ERR_MPROF_DUPLICATE_VALUE',
      message: /^value must be a value that is not in the profile, got /,
    });
  }
  t.equal(connections.count(), 4, 'which changes nothing');
  connections.remove(values[0]);
  connections.remove(values[0]);
  connections.remove({});
  t.equal(connections.count(), 3, 'what is not in it need not be removed');
  connect(connections, values[0]);
  t.equal(connections.count(), 4, 'and may be added again');

  const bytes = await connections.toBuffer();
  const text = Buffer.from(await connections.toBuffer({ debug: 1 })).toString();
  await checkText(t, 'example.com/pool.connections', text, bytes);
  t.equal(Buffer.from(await connections.toBuffer({ debug: 2 })).toString(), text, 'debug 2 is as 1');
  t.same([...(await connections.toBuffer({ debug: -1 })).subarray(0, 2)], [0x1f, 0x8b], 'a negative debug is protobuf');
  await checkProtobuf(t, 'custom', await newProfile('connections_open').toBuffer(), { kind: 'connections_open' });
  t.same(
    checkFleetRules(bytes, { kind: 'example.com/pool.connections' }).map(({ rule }) => rule),
    ['typeNames', 'typeNames'],
    'nothing but the name is in anybody’s way',
  );
});

t.test('29: the frames of a custom profile', async (t) => {
  const profile = newProfile('frames');
  const prepareStackTrace = Error.prepareStackTrace;
  const limit = Error.stackTraceLimit;
  Error.prepareStackTrace = () => t.fail("the program's hook is called");
  Error.stackTraceLimit = 0;
  try {
    connect(profile, 0, 0);
    connect(profile, 1, 1);
    connect(profile, 2, 2);
    connect(profile, 3, 100_000);
    await Promise.resolve();
    profile.add(4);
  } finally {
    t.equal(Error.stackTraceLimit, 0);
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = limit;
  }
  const samples = samplesOf(decode(await profile.toBuffer())).map(([, ...names]) => names);
  t.equal(samples.length, 5);
  const starting = (...names: string[]): number => samples.filter((stack) => names.every((name, i) => stack[i] === name)).length;
  t.equal(starting('add', 'connect'), 1, 'skip 0: add itself is the leaf');
  t.equal(starting('connect'), 1, 'skip 1: its caller');
  t.equal(samples.filter((stack) => stack.length === 1 && stack[0] === 'lostProfileEvent').length, 1, 'all of them');

  const deep = (depth: number): void => (depth === 0 ? profile.add(deep) : deep(depth - 1));
  deep(500);
  const cut = samplesOf(decode(await profile.toBuffer())).find(([, leaf]) => leaf === 'deep')!;
  t.equal(cut.length - 1, 127, 'deep stacks are cut at the root');
  const exhaust = (): void => {
    try {
      exhaust();
    } catch {
      profile.add({});
    }
  };
  const before = profile.count();
  exhaust();
  t.ok(profile.count() > before, 'a value is added however little stack there is left');
});

t.test('29: names of custom profiles', async (t) => {
  for (const name of ['heap', 'allocs', 'block', 'mutex', 'threadcreate', 'cmdline', 'profile', 'symbol', 'trace', 'delta_heap']) {
    t.throws(() => newProfile(name), {
      name: 'Error',
      code: 'ERR_MPROF_NAME_IN_USE',
      message: `name must be a name that is not in use, got "${name}"`,
    });
  }
  newProfile('twice');
  t.throws(() => newProfile('twice'), { code: 'ERR_MPROF_NAME_IN_USE' });
  t.throws(() => newProfile(''), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message: 'name must be a non-empty string, got ""' });
  t.throws(() => newProfile(5 as never), { name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'name must be a non-empty string, got 5' });
  const profile = newProfile('checked');
  t.throws(() => profile.add(1, -1), { name: 'RangeError', message: 'skip must be a non-negative integer, got -1' });
  t.throws(() => profile.add(1, '1' as never), { name: 'TypeError', message: 'skip must be a non-negative integer, got "1"' });
  t.equal(profile.count(), 0, 'nothing has been added');
  profile.add(NaN);
  t.throws(() => profile.add(NaN), { code: 'ERR_MPROF_DUPLICATE_VALUE' }, 'values are compared as a Map does');
});

t.test('29: custom profiles over HTTP', async (t) => {
  const odd = 'odd <&\'"name>';
  newProfile(odd);
  const served = newProfile('example.com/lab.conns');
  for (let i = 0; i < 3; i++) connect(served, {});
  connect(served, {});

  const reply = await get('example.com/lab.conns');
  t.match(reply, { status: 200, headers: { 'content-disposition': 'attachment; filename="example.com/lab.conns"' } });
  t.same(samplesOf(decode(reply.bytes)).map(([value]) => value), [3, 1]);
  t.match(await get('example.com/lab.conns?debug=1'), { status: 200, text: /^example\.com\/lab\.conns profile: total 4\n3 @ 0x/ });
  t.equal((await get(`${encodeURIComponent(odd)}?debug=1`)).text, `${odd} profile: total 0\n`);
  const error = (query: string): Promise<string> => get(`example.com/lab.conns?${query}`).then(({ status, text }) => `${status} ${text}`);
  t.equal(await error('seconds=1'), '400 "seconds" parameter is not supported for this profile type\n');
  t.equal(await error('seconds=1&debug=1'), '400 "seconds" parameter is not supported for this profile type\n');
  t.equal(await error('seconds=x'), '400 invalid value for "seconds" - must be a positive integer\n', 'which is checked first');

  const index = (await get('')).text;
  t.match(index, '<td class="count">4</td><td><a href="example.com/lab.conns?debug=1">example.com/lab.conns</a>');
  t.match(index, 'odd &lt;&amp;&#39;&#34;name&gt;</a>');
  await t.test('read by go tool pprof', needsGo(), async (t) => {
    const { port } = server.address() as { port: number };
    const { stdout } = await goPprof(['-top'], `http://127.0.0.1:${port}/debug/pprof/example.com/lab.conns`);
    t.match(stdout, /Type: example\.com\/lab\.conns/);
    t.match(stdout, /Showing nodes accounting for 4, 100% of 4 total/);
  });
});

t.test('32: profiles without samples', needsGo(), async (t) => {
  const { stdout } = await goPprof(['-top'], await newProfile('nothing').toBuffer());
  t.match(stdout, /Showing nodes accounting for 0/);
});

t.test('33: threads by what they are for', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  interface Threads {
    count: number;
    tasks: number;
    protobuf: string;
    text: string;
    comments: string[];
  }
  const { count, tasks, protobuf, text, comments } = await runJson<Threads>(fixture('threads-named.cjs'));
  const bytes = Buffer.from(protobuf, 'base64');
  await checkProtobuf(t, 'threadcreate', bytes, { kind: 'threadcreate' });
  await checkText(t, 'threadcreate', text, bytes);
  const threads = Object.fromEntries(samplesOf(decode(bytes)).map(([value, name]) => [name, value]));
  const { 'libuv-worker': pool, V8Worker: workers, DelayedTaskScheduler: scheduler = 0, MainThread, SignalInspector } = threads;
  t.same({ pool, platform: workers! + scheduler, MainThread, SignalInspector }, { pool: 4, platform: 5, MainThread: 1, SignalInspector: 1 });
  // Before version 24 Node.js gives threads of workers no names.
  const named = Number(process.versions.node.split('.')[0]) >= 24;
  t.same(named ? [threads.indexer, threads.WorkerThread] : threads['(unnamed)'], named ? [1, 1] : 2, 'the workers');
  t.equal(count, tasks, 'every thread is counted');
  t.match(comments, [/^threads that are alive now; /]);
});
