import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { doWithLabels, lookup, newProfile, profiles, setBlockProfileRate, start, stop, type CustomProfile } from 'mprof';
import { listen } from 'mprof/http';
import { decode, type Profile as Decoded } from 'mprof/pprof';
import { writeDump } from '../dist/profiles/goroutine-dump';
import { labelNumber } from '../dist/waits/frames';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, MAJOR, runJson } from './helpers/child';
import { checkFleetRules } from './helpers/fleet-rules';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchPath, type Reply } from './helpers/http-client';

/* The profiles that count stacks: goroutine, threadcreate and the program's own. */

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
      message: /^value must be a value that is not in the profile, got .* \(pprof: Profile\.Add of duplicate value\)$/,
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
  newProfile('twice');
  for (const name of ['heap', 'allocs', 'block', 'mutex', 'goroutine', 'threadcreate', 'twice']) {
    t.throws(() => newProfile(name), {
      name: 'Error',
      code: 'ERR_MPROF_NAME_IN_USE',
      message: `name must be a name that is not in use, got "${name}" (pprof: NewProfile name already in use: ${name})`,
    });
  }
  for (const name of ['cmdline', 'profile', 'symbol', 'trace', 'delta_heap']) {
    t.throws(() => newProfile(name), {
      name: 'Error',
      code: 'ERR_MPROF_NAME_IN_USE',
      message: `name must be a name that means nothing else in the URL of a profile, got "${name}"`,
    });
  }
  t.throws(() => newProfile(''), {
    name: 'RangeError',
    code: 'ERR_MPROF_OUT_OF_RANGE',
    message: 'name must be a non-empty string, got "" (pprof: NewProfile with empty name)',
  });
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
  t.match(index, '<td class="count">4</td><th scope="row"><a href="example.com/lab.conns?debug=1">example.com/lab.conns</a>');
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
  const named = MAJOR >= 24;
  t.same(named ? [threads.indexer, threads.WorkerThread] : threads['(unnamed)'], named ? [1, 1] : 2, 'the workers');
  t.equal(count, tasks, 'every thread is counted');
  t.match(comments, [/^threads that are alive now; /]);
});

/** What test/fixtures/under-way.cjs prints. */
interface UnderWay {
  protobuf: string;
  text: string;
  dump: string;
  comments: string[];
  error?: { name: string; code: string; message: string };
  /** Awaits by stack, leaf first, each function with the line of its await. */
  truth: Record<string, number>;
  count: number;
  stats: { longestListingNanos: number; waitFailures: number };
}

/** Pending awaits by stack, as in the fixture's truth. */
function awaitsOf(protobuf: string): Record<string, number> {
  const profile = decode(Buffer.from(protobuf, 'base64'));
  const awaits = samplesOf(profile).flatMap(([value, kind, ...names], i) => {
    if (kind !== 'await') return [];
    const lines = profile.sample[i]!.locationId.slice(1).map((id) => Number(profile.location[Number(id) - 1]!.line[0]!.line));
    return [[names.map((name, i) => (lines[i] === 0 ? name : `${name}:${lines[i]}`)).join(' < '), value]];
  });
  return Object.fromEntries(awaits) as Record<string, number>;
}

t.test('18: the goroutine profile, with awaits', async (t) => {
  // Few enough for each to be looked at.
  const copies = 8;
  const { protobuf, text, dump, comments, truth, count, stats } = await runJson<UnderWay>(fixture('under-way.cjs'), {
    args: [String(copies)],
    flags: ['--expose-gc'],
  });
  const bytes = Buffer.from(protobuf, 'base64');
  await checkProtobuf(t, 'goroutine', bytes, { kind: 'goroutine' });
  await checkText(t, 'goroutine', text, bytes);
  t.same(awaitsOf(protobuf), truth, 'each await once, at the innermost function');
  const total = samplesOf(decode(bytes)).reduce((sum, [value]) => sum + value, 0);
  t.equal(count, total, 'count() is the sum');
  const kinds = samplesOf(decode(bytes)).filter(([, kind]) => kind !== 'await');
  t.match(kinds.filter(([, kind]) => kind === 'Timeout'), [[copies, 'Timeout', '(event loop)']], 'and timers by type');
  t.match(kinds.filter(([, kind]) => kind === 'running'), [[1, 'running']], 'and what runs');
  t.match(comments, [/^this thread's timers, requests and handles that keep it alive; awaits of promises made while .*, all of them$/]);
  t.equal(stats.waitFailures, 0);

  const blocks = dump.split('\n\n');
  t.equal(blocks.length, total, 'a block for each');
  for (const block of blocks) {
    if (!/^goroutine \d+ \[[a-z ]+(?:, \d+ minutes)?\]:\n(?:[^\n]+\n\t[^\n]+:\d+\n?)+$/.test(block)) t.fail(`block: ${block}`);
  }
  t.match(blocks[0], /^goroutine 1 \[running\]:\n/);
  t.equal(blocks.filter((block) => block.includes('[await]:\nleaf()\n')).length, 4 * copies, 'with their stacks');
  t.equal(blocks.filter((block) => block.includes('[timer]:')).length, copies);
  const numbers = blocks.map((block) => /\d+/.exec(block)![0]);
  t.equal(new Set(numbers).size, numbers.length, 'numbers are distinct');
});

t.test('18: requests, timers and handles by type', async (t) => {
  const { before, after, dump } = await runJson<Record<'before' | 'after' | 'dump', string>>(fixture('resources.cjs'));
  const resources = (protobuf: string): Record<string, number> => {
    const samples = samplesOf(decode(Buffer.from(protobuf, 'base64')));
    return Object.fromEntries(samples.flatMap(([value, type, below]) => (below === '(event loop)' ? [[type, value]] : [])));
  };
  const [idle, busy] = [resources(before), resources(after)];
  t.match(idle, { TCPServerWrap: 2, PipeWrap: Number }, 'servers that listen');
  const begun = Object.entries(busy).map(([type, count]) => [type, count - (idle[type] ?? 0)]);
  t.same(Object.fromEntries(begun), {
    FSReqCallback: 1,
    FSReqPromise: 1,
    GetAddrInfoReqWrap: 1,
    PipeConnectWrap: 1,
    PipeWrap: 1,
    TCPConnectWrap: 3,
    TCPServerWrap: 0,
    TCPSocketWrap: 3,
    Timeout: 1,
  });
  const states = new Map<string, number>();
  for (const [, state] of dump.matchAll(/^goroutine \d+ \[(.*)\]:$/gm)) states.set(state!, (states.get(state!) ?? 0) + 1);
  t.same(Object.fromEntries(states), {
    'running': 1,
    'file': 2,
    'dns lookup': 1,
    'pipe connect': 1,
    'pipe': busy.PipeWrap,
    'tcp connect': 3,
    'tcp accept': 2,
    'tcp socket': 3,
    'timer': 1,
    // Of the profile that is being written.
    'immediate': 1,
  });
});

t.test('18: how long it has been under way', async (t) => {
  const dump = await runJson<string>(fixture('aged.cjs'));
  const ages = [...dump.matchAll(/^goroutine \d+ \[await(.*)\]:\n(\w+)/gm)].map(([, age, name]) => [name, age]);
  t.same(Object.fromEntries(ages), { longWaiter: ', 3 minutes', minuteWaiter: ', 1 minutes', shortWaiter: '' });
});

t.test('18: a long dump is written in steps', async (t) => {
  const many = 10_000;
  const frames = [labelNumber('await'), labelNumber('somebody')];
  const operations = [
    ...Array.from({ length: many / 2 }, () => ({ kind: 'await', frames, count: 1 })),
    { kind: 'Timeout', frames: [labelNumber('Timeout'), labelNumber('(event loop)')], count: many },
  ];
  const chunks = [];
  let steps = 0;
  for (const writer = writeDump(operations); ; steps++) {
    const { done, value } = writer.next();
    if (!done) continue;
    chunks.push(...value);
    break;
  }
  t.ok(steps > many / 128, `${steps} steps`);
  const blocks = Buffer.concat(chunks).toString().split('\n\n');
  t.equal(blocks.length, many + 1);
  t.match(blocks[0], /^goroutine \d+ \[await\]:\nsomebody\(\)\n\t\?:0$/);
  t.match(blocks[many - 1], /^goroutine \d+ \[timer\]:\nTimeout\(\)\n\t\?:0$/);
  t.equal(blocks[many], `...and ${many / 2} more\n`);
});

t.test('18: the goroutine profile, while waits are not profiled', async (t) => {
  const { protobuf, text, comments } = await runJson<UnderWay>(fixture('under-way.cjs'), { args: ['20', 'off'] });
  t.same(awaitsOf(protobuf), {});
  t.match(comments, [/; pending awaits only while setBlockProfileRate\(\) is on$/], 'which it says');
  await checkProtobuf(t, 'goroutine', Buffer.from(protobuf, 'base64'), { kind: 'goroutine' });
  await checkText(t, 'goroutine', text, Buffer.from(protobuf, 'base64'));
});

t.test('18: every await, on request', async (t) => {
  for (const rest of [['full', 'off'], ['full']]) {
    const { protobuf, text, comments, truth, stats } = await runJson<UnderWay>(fixture('under-way.cjs'), { args: ['170', ...rest] });
    t.same(awaitsOf(protobuf), truth, `1020 awaits, ${rest}`);
    t.match(comments, [/; every pending await, which took \d+ ms to list$/]);
    t.ok(stats.longestListingNanos > 0);
    await checkText(t, 'goroutine', text, Buffer.from(protobuf, 'base64'));
  }
  const { error } = await runJson<UnderWay>(fixture('under-way.cjs'), { args: ['1', 'limited'] });
  t.match(error, {
    name: 'Error',
    code: 'ERR_MPROF_HEAP_TOO_LARGE',
    message: /^full must be left out while more than 1000 bytes of heap are used, which are \d+: .* start\(\{ fullGoroutineLimit \}\) allows more$/,
  });
});

t.test('18: a sample of many awaits is unbiased', async (t) => {
  const [runs, often, rarely] = [30, 2000, 200];
  const estimates = await runJson<{ often: number; rarely: number; caller: number; every: number }[]>(fixture('under-way-sampled.cjs'), {
    args: [runs, often, rarely].map(String),
  });
  // Each await is in the sample with a chance of at least 1 / every, and then stands for the inverse: the variance of what
  // it adds is below every - 1. Bernstein's inequality, or Freedman's, as the rate follows what was drawn before.
  const every = Math.max(...estimates.map((estimate) => estimate.every));
  t.ok(every >= 8 && every <= 64, `one in ${every}`);
  for (const [site, count] of Object.entries({ often, rarely })) {
    const estimate = estimates.reduce((sum, values) => sum + values[site as 'often'], 0);
    const log = Math.log(2 / 1e-9);
    const bound = (every * log) / 3 + Math.sqrt(((every * log) / 3) ** 2 + 2 * runs * count * (every - 1) * log);
    t.ok(Math.abs(estimate - runs * count) <= bound, `${site}: ${estimate} of ${runs * count}, allowed ${Math.round(bound)} off`);
  }
  t.equal(estimates.reduce((sum, { caller }) => sum + caller, 0), 0, 'callers are not counted again');
});

t.test('18: the goroutine profile over HTTP', async (t) => {
  const reply = await get('goroutine');
  t.match(reply, { status: 200, headers: { 'content-type': 'application/octet-stream' } });
  t.same(checkFleetRules(reply.bytes, { kind: 'goroutine' }), []);
  t.match(await get('goroutine?debug=1'), { status: 200, text: /^goroutine profile: total \d+\n/ });
  t.match(await get('goroutine?debug=2'), { status: 200, text: /^goroutine 1 \[running\]:\n/ });
  t.match(await get('goroutine?debug=-1'), { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  t.match(await get('goroutine?full=1&debug=1'), { status: 200, text: /^goroutine profile: total \d+\n/ });
  for (const seconds of ['x', '0', '-1', '1.5']) {
    t.match(await get(`goroutine?seconds=${seconds}`), { status: 400, text: 'invalid value for "seconds" - must be a positive integer\n' });
  }
  for (const debug of [1, 2]) {
    t.match(await get(`goroutine?seconds=1&debug=${debug}`), { status: 400, text: 'seconds and debug params are incompatible\n' });
  }
  t.match(await get('goroutine?seconds='), { status: 200, headers: { 'content-disposition': 'attachment; filename="goroutine"' } });
  for (const name of ['goroutine', 'threadcreate']) {
    const delta = await get(`${name}?seconds=1`);
    t.match(delta, { status: 200, headers: { 'content-disposition': `attachment; filename="${name}-delta"` } });
    t.same(checkFleetRules(delta.bytes, { kind: name, windowed: true }), [], `${name}: a window`);
  }
  const { port } = server.address() as { port: number };
  await t.test('read by go tool pprof', needsGo(), async (t) => {
    const { stdout } = await goPprof(['-top'], `http://127.0.0.1:${port}/debug/pprof/goroutine`);
    t.match(stdout, /Type: goroutine/);
    await t.resolves(goPprof(['-top', '-symbolize=remote'], `http://127.0.0.1:${port}/debug/pprof/goroutine?debug=1`));
  });
  start({ fullGoroutineLimit: 0 });
  t.teardown(stop);
  t.match(await get('goroutine?full=1'), {
    status: 400,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-go-pprof': '1' },
    text: /^full must be left out while more than 0 bytes of heap are used, .* start\(\{ fullGoroutineLimit \}\) allows more\n$/,
  });
});

t.test('19: labels of awaits', async (t) => {
  setBlockProfileRate(1);
  t.teardown(() => setBlockProfileRate(0));
  const finish: (() => void)[] = [];
  async function labelledWait(): Promise<void> {
    await new Promise<void>((resolve) => finish.push(resolve));
  }
  const waits = ['/a', '/b', '/a'].map((route) => doWithLabels({ route }, labelledWait));
  const goroutine = lookup('goroutine')!;
  const bytes = await goroutine.toBuffer();
  const { sample, stringTable } = decode(bytes);
  const labelled = sample.filter(({ label }) => label.length > 0);
  t.same(labelled.map(({ value, label }) => [Number(value[0]), stringTable[Number(label[0]!.str)]]), [
    [2, '/a'],
    [1, '/b'],
  ]);
  t.same(checkFleetRules(bytes, { kind: 'goroutine', labelled: true }), []);
  t.match(Buffer.from(await goroutine.toBuffer({ debug: 1 })).toString(), /^2 @ [^\n]+\n# labels: \{"route":"\/a"\}\n#\t/m);
  t.match(Buffer.from(await goroutine.toBuffer({ debug: 2 })).toString(), /\[await, "route":"\/a"\]:\nlabelledWait\(\)\n/);
  await t.test('-tags', needsGo(), async (t) => {
    const { stdout } = await goPprof(['-tags'], bytes);
    t.match(stdout, /route: Total/);
  });
  const delta = goroutine.delta({ seconds: 0.2 });
  for (const resolve of finish) resolve();
  await Promise.all(waits);
  const change = decode(await delta);
  const gone = change.sample.filter(({ label }) => label.length > 0);
  t.same(gone.map(({ value }) => Number(value[0])).sort(), [-1, -2], 'what is over by the end of a window counts negative');
});

t.test('19: labels of what is served', needsGo(), async (t) => {
  start({ memProfileRate: 512 });
  setBlockProfileRate(1);
  t.teardown(() => {
    setBlockProfileRate(0);
    stop();
  });
  let isOver = false;
  const kept: unknown[] = [];
  const work = doWithLabels({ task: 'served' }, async () => {
    while (!isOver) {
      for (const end = performance.now() + 10; performance.now() < end; );
      kept.push(new Array(1000).fill(0.5));
      await setImmediate();
    }
  });
  const { port } = server.address() as { port: number };
  const tags = async (path: string): Promise<string> => (await goPprof(['-tags'], `http://127.0.0.1:${port}/debug/pprof/${path}`)).stdout;
  try {
    const [profile, goroutine] = await Promise.all([tags('profile?seconds=1'), tags('goroutine')]);
    for (const text of [profile, goroutine]) t.match(text, /task: Total [^\n]+\n +[1-9][^\n]* served\n/);
    const heap = await tags('heap?gc=1');
    t.match(heap, /bytes: Total /);
    t.notMatch(heap, 'task', 'none on the heap');
  } finally {
    isOver = true;
    await work;
  }
});

t.test('18: what reading it costs does not depend on the heap', async (t) => {
  const { millis, heapUsed } = await runJson<{ millis: [cpu: number, elapsed: number][]; heapUsed: number }>(fixture('large-heap.cjs'), {
    args: ['1000'],
    flags: ['--max-old-space-size=3000'],
  });
  t.ok(heapUsed > 1e9, `${(heapUsed / 1e9).toFixed(2)} GB`);
  // 3 to 5 ms for as many awaits as are looked at. To walk the heap takes more than 10 s.
  const best = Math.min(...millis.map(([cpu]) => cpu));
  t.ok(best < 20, `${best} ms`);
});
