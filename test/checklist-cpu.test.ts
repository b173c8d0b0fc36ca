import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { cpuProfile } from 'mprof';
import { listen } from 'mprof/http';
import { decode, type Profile } from 'mprof/pprof';
import { IDLE } from '../dist/binding';
import { countTicks, PERIOD } from '../dist/cpu/ticks';
import { bernoulli, boundSum } from './helpers/chances';
import { fixture, knownFlags, MAJOR, runJson, runNode } from './helpers/child';
import { checkFleetRules } from './helpers/fleet-rules';
import { goPprof, needsGo } from './helpers/go-tool';
import { closeServer, fetchPath } from './helpers/http-client';

/* CPU profiles and the labels in them. Numbers are those of the checklist of Go's behaviour. */

interface Taken {
  /** Base64. */
  profile: string;
  /** CPU time of all of the process's threads meanwhile, in nanoseconds. */
  processCpu: number;
}

/** How often a test of chances may fail although the profiler is right. */
const FALSE_ALARM = 1e-7;
const source = readFileSync(fixture('cpu.cjs'), 'utf8').split('\n');
/** Where a text stands in test/fixtures/cpu.cjs. */
const lineOf = (text: string): number => source.findIndex((line) => line.includes(text)) + 1;
/** Every function by its own name. */
let notInlined: string[];
const V8_NAMES_INLINED_LEAVES = MAJOR >= 26;

interface Line {
  name: string;
  file: string;
  line: number;
  startLine: number;
}

interface Stack {
  /** Leaf first. */
  lines: Line[];
  count: number;
  nanos: number;
  labels: Record<string, string>;
}

function bytesOf({ profile }: Pick<Taken, 'profile'>): Buffer {
  return Buffer.from(profile, 'base64');
}

function stacksOf(taken: Pick<Taken, 'profile'>): Stack[] {
  const { sample, location, function: functions, stringTable } = decode(bytesOf(taken));
  const placeOf = (id: number): Line => {
    const { functionId, line } = location[id - 1]!.line[0]!;
    const { name, filename, startLine } = functions[Number(functionId) - 1]!;
    return { name: stringTable[Number(name)]!, file: stringTable[Number(filename)]!, line: Number(line), startLine: Number(startLine) };
  };
  return sample.map(({ locationId, value, label }) => ({
    lines: locationId.map((id) => placeOf(Number(id))),
    count: Number(value[0]),
    nanos: Number(value[1]),
    labels: Object.fromEntries(label.map(({ key, str }) => [stringTable[Number(key)]!, stringTable[Number(str)]!])),
  }));
}

function sum(stacks: readonly Stack[], which: (stack: Stack) => boolean = () => true): number {
  return stacks.filter(which).reduce((sum, { count }) => sum + count, 0);
}

const contains =
  (name: string) =>
  ({ lines }: Stack): boolean =>
    lines.some((line) => line.name === name);
const leafIs =
  (name: string) =>
  ({ lines }: Stack): boolean =>
    lines[0]!.name === name;

async function take(scenario: string, flags: string[] = []): Promise<Taken> {
  return runJson<Taken>(fixture('cpu.cjs'), { args: [scenario], flags });
}

t.before(async () => {
  notInlined = (await knownFlags(['--turbo-inlining', '--maglev-inlining'])).map((flag) => flag.replace('--', '--no-'));
});

t.test('20: a profile of a busy program', async (t) => {
  const taken = await take('busy', notInlined);
  const bytes = bytesOf(taken);
  const profile = decode(bytes);
  t.same(checkFleetRules(bytes, { kind: 'profile', windowed: true }), []);
  t.equal(Number(profile.period), 10_000_000);
  t.ok(profile.sample.every(({ value }) => Number(value[0]) > 0 && Number(value[1]) === Number(value[0]) * PERIOD), 'values');
  const seconds = Number(profile.durationNanos) / 1e9;
  t.ok(seconds >= 1.5 && seconds < 15, `a window of ${seconds} s`);
  t.ok(Math.abs(Number(profile.timeNanos) / 1e6 + seconds * 1000 - Date.now()) < 60_000, 'dated at the beginning');

  const stacks = stacksOf(taken);
  const total = sum(stacks);
  t.ok(total * PERIOD <= taken.processCpu + PERIOD, 'no more CPU time than was used');
  t.ok(total * PERIOD >= taken.processCpu / 2, 'and most of that');

  const long = sum(stacks, leafIs('spinLong'));
  const short = sum(stacks, leafIs('spinShort'));
  t.ok(long + short > 0.5 * total, 'most of it in the two functions, next to garbage collections');
  const bound = boundSum([{ times: long + short, outcomes: bernoulli(0.75) }], FALSE_ALARM);
  t.ok(long > bound.low && long < bound.high, `three quarters of ${long + short} samples in one: ${bound.low} < ${long} < ${bound.high}`);

  for (const [name, call] of Object.entries({ spinLong: 'spinLong(3);', spinShort: 'spinShort(1);' })) {
    const leaves = stacks.filter(leafIs(name));
    const startLine = lineOf(`function ${name}`);
    t.ok(leaves.every(({ lines: [leaf] }) => leaf!.startLine === startLine && leaf!.file === fixture('cpu.cjs')), `where ${name} is`);
    const inLoop = ({ lines: [leaf] }: Stack): boolean => leaf!.line === startLine + 2 || leaf!.line === startLine + 3;
    t.ok(sum(leaves, inLoop) >= 0.9 * sum(leaves), 'the lines of its loop');
    t.ok(leaves.every(({ lines: [, caller] }) => caller!.name === 'callsBoth' && caller!.line === lineOf(`  ${call}`)), 'the line of the call');
  }
  t.notOk(stacks.some(contains('(idle)')), 'no idle time');
});

t.test('32: an idle program', async (t) => {
  const taken = await take('idle');
  t.same(checkFleetRules(bytesOf(taken), { kind: 'profile', windowed: true }), []);
  t.ok(sum(stacksOf(taken)) * PERIOD <= taken.processCpu + PERIOD);
  t.notOk(stacksOf(taken).some(contains('(idle)')));
  if ('skip' in needsGo()) return;
  t.match((await goPprof(['-top'], bytesOf(taken))).stdout, /Type: cpu/);
});

t.test('a blocked thread uses no CPU time', async (t) => {
  const stacks = stacksOf(await take('blocked'));
  // It waits for other processes in one second's hundred samples, and starts one every 300 ms.
  t.ok(sum(stacks, contains('execFileSync')) < 60, `${sum(stacks, contains('execFileSync'))} of 100 samples`);
});

t.test('the garbage collector', async (t) => {
  const stacks = stacksOf(await take('garbage'));
  t.ok(sum(stacks, leafIs('(garbage collector)')) > 0);
});

t.test('what is not JavaScript', async (t) => {
  const stacks = stacksOf(await take('messages'));
  const program = stacks.filter(leafIs('(program)'));
  t.ok(sum(program) > 0, `${sum(program)} of ${sum(stacks)} samples`);
  t.ok(program.every(({ lines }) => lines.length === 1), 'is called by nothing');
  t.notOk(stacks.some(contains('(root)')));
});

t.test('inlined functions', async (t) => {
  const stacks = stacksOf(await take('inlined'));
  const stringify = ({ name, line }: Line): boolean => name === 'inlinedCaller' && line === lineOf('JSON.stringify(LIST)');
  // How much of the time is the caller's differs between machines: from a sixth to a half.
  t.ok(sum(stacks, ({ lines }) => lines.some(stringify)) > 0, 'a caller that is inlined is named, with the line of the call');
  if (V8_NAMES_INLINED_LEAVES) t.ok(sum(stacks, leafIs('inlinedLeaf')) > 0, 'and so is what runs');
});

t.test('windows that overlap', async (t) => {
  const { outer, inner, later, again } = await runJson<Record<string, Taken>>(fixture('cpu.cjs'), { args: ['windows'], flags: notInlined });
  for (const [taken, seconds] of [[outer!, 1.2], [inner!, 0.4], [later!, 0.4], [again!, 0.3]] as const) {
    const { durationNanos } = decode(bytesOf(taken));
    const measured = Number(durationNanos) / 1e9;
    t.ok(measured >= seconds && measured < seconds + 5, `${measured} s of ${seconds}`);
    const total = sum(stacksOf(taken));
    t.ok(total * PERIOD <= Number(durationNanos) + PERIOD, 'no more than one thread can use in its own window');
    t.ok(sum(stacksOf(taken), contains('callsBoth')) > 0, 'each has the work');
  }
  const starts = [outer!, inner!, later!, again!].map((taken) => Number(decode(bytesOf(taken)).timeNanos) / 1e9);
  t.ok(starts[2]! - starts[0]! >= 0.69 && starts[3]! - starts[2]! >= 0.4, 'each its own time');
  // What is one place has one address, in whatever window.
  const addresses = (taken: Taken): Map<string, number> => {
    const { location, function: functions, stringTable } = decode(bytesOf(taken));
    return new Map(
      location.map(({ address, line: [line] }) => {
        const { name, startLine, filename } = functions[Number(line!.functionId) - 1]!;
        const place = [stringTable[Number(name)], stringTable[Number(filename)], startLine, line!.line, line!.column];
        return [place.join(), Number(address)];
      }),
    );
  };
  const first = addresses(outer!);
  const common = [...addresses(again!)].filter(([place]) => first.has(place));
  t.ok(common.length > 2 && common.every(([place, address]) => first.get(place) === address), 'the same addresses');
});

t.test('19: labels', async (t) => {
  const { profile, heap } = await runJson<{ profile: string; heap: string }>(fixture('cpu.cjs'), { args: ['labels'], flags: notInlined });
  const taken = { profile };
  t.same(checkFleetRules(bytesOf(taken), { kind: 'profile', windowed: true, labelled: true }), []);
  const stacks = stacksOf(taken);
  const wrong = (name: string, expected: (labels: Record<string, string>) => boolean): number =>
    sum(stacks, (stack) => leafIs(name)(stack) && !expected(stack.labels));
  // A label changes within a microsecond of a task's beginning or end, where these functions do not run: no sample of
  // theirs can have another's.
  t.equal(wrong('spinLong', ({ task, step }) => task === 'long' || (task === 'nested' && step === 'inner')), 0);
  t.equal(wrong('spinShort', ({ task, step }) => task === 'short' || (task === 'nested' && step === 'inner')), 0);
  const of = (task: string): Stack[] => stacks.filter(({ labels }) => labels.task === task);
  t.ok(['long', 'short', 'nested'].every((task) => sum(of(task)) > 0), 'each has some');
  t.equal(sum(of('long'), contains('spinShort')) + sum(of('short'), contains('spinLong')), 0);
  const nested = of('nested').filter((stack) => leafIs('spinLong')(stack) || leafIs('spinShort')(stack));
  const bound = boundSum([{ times: sum(nested), outcomes: bernoulli(0.75) }], FALSE_ALARM);
  const long = sum(nested, leafIs('spinLong'));
  t.ok(long > bound.low && long < bound.high, `${bound.low} < ${long} < ${bound.high}`);
  t.same(stacksOf({ profile: heap }).filter(({ labels }) => 'task' in labels), [], 'none on the heap');
  if ('skip' in needsGo()) return;
  t.match((await goPprof(['-tags'], bytesOf(taken))).stdout, /step: Total[^]*inner[^]*task: Total[^]*long/);
  t.notMatch((await goPprof(['-tags'], Buffer.from(heap, 'base64'))).stdout, 'task');
});

t.test('labels that change all the time', async (t) => {
  const taken = await runJson<Taken & { changes: number }>(fixture('cpu.cjs'), { args: ['changes'], flags: notInlined });
  t.ok(taken.changes > 100_000, 'more than are remembered');
  const stacks = stacksOf(taken);
  const { comment, stringTable } = decode(bytesOf(taken));
  const [, lost = 0] = /the labels of (\d+) samples/.exec(stringTable[Number(comment[0] ?? 0)]!) ?? [];
  const spins = stacks.filter(leafIs('spinLong'));
  t.ok(sum(spins) > 0);
  t.ok(sum(spins, ({ labels }) => labels.task !== 'long') <= Number(lost), `all but ${lost} known`);
  t.ok(Number(lost) < 0.1 * sum(stacks), 'which are few');
});

t.test('20: read by the tool', needsGo(), async (t) => {
  const taken = await take('busy', notInlined);
  const bytes = bytesOf(taken);
  const { stdout, stderr } = await goPprof(['-top'], bytes);
  t.equal(stderr, '');
  t.match(stdout, /^File: cpu\.cjs\nType: cpu\nTime: .*\nDuration: [\d.]+s, Total samples = [\d.]+m?s .*\n/);
  t.match((await goPprof(['-lines', '-top'], bytes)).stdout, new RegExp(`spinLong .*cpu\\.cjs:${lineOf('function spinLong') + 3}`));
  t.match((await goPprof(['-raw'], bytes)).stdout, /^PeriodType: cpu nanoseconds\nPeriod: 10000000\n.*\nDuration: .*\nSamples:\nsamples\/count cpu\/nanoseconds\n/);
  t.match((await goPprof(['-list', 'spinLong'], bytes)).stdout, /sum \+= Math\.sqrt/);
  for (const report of ['-peek=spin', '-traces', '-tree', '-tags']) await t.resolves(goPprof([report], bytes), report);
});

t.test('how CPU time becomes samples', async (t) => {
  const ms = 1e6;
  const count = (stack: number[], cpu: number[], totalCpu: number, phase: number): number[] =>
    [...countTicks({ stack: Uint32Array.from(stack), cpu: Float64Array.from(cpu, (time) => time * ms), totalCpu: totalCpu * ms }, phase)];
  t.same(count([], [], 0, 0), []);
  t.same(count([IDLE, IDLE], [1, 2], 50, 0), [0, 0], 'what no sample has met is not shown');
  t.same(count([0, 0, 0], [10, 20, 30], 30, 0.5), [1, 1, 1]);
  t.same(count([0, 0, 0, 0], [5, 10, 15, 20], 20, 0.7), [0, 1, 0, 1], 'half the time waiting for a processor');
  t.same(count([0, 1, 1, 0], [10, 10, 10, 20], 20, 0.9), [1, 0, 0, 1], 'blocked');
  t.same(count([0, IDLE, IDLE, 0], [10, 13, 16, 20], 20, 0.2), [1, 0, 0, 1], 'used between samples of a thread without work');
  t.same(count([0, IDLE], [10, 45], 45, 0.2), [5, 0], 'the rest is charged to the last');
  t.same(count([0], [0], 9, 0.95), [0]);
  // Whatever the samples, the sum is what was used, rounded up or down, and on average exact.
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += count([0, 0, IDLE, 0], [3, 14, 16, 18], 23.4, (i + 0.5) / 1000).reduce((a, b) => a + b);
  t.equal(sum, 2340);
});

t.test('bad options', async (t) => {
  for (const seconds of [0, -1, NaN, Infinity, 3601]) {
    await t.rejects(cpuProfile({ seconds }), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message: /^seconds must be/ });
  }
  await t.rejects(cpuProfile({ seconds: '1' as never }), { name: 'TypeError', message: /^seconds must be/ });
  await t.rejects(cpuProfile(null as never), { name: 'TypeError', message: /^options must be/ });
  await t.rejects(cpuProfile({ ref: 1 as never }), { name: 'TypeError', message: /^ref must be/ });
  await t.rejects(cpuProfile({ seconds: 1, signal: {} as never }), { name: 'TypeError' });
  await t.rejects(cpuProfile({ signal: AbortSignal.abort() }), { name: 'AbortError' });
});

t.test('again and again', async (t) => {
  const result = await runJson<{ ended: number; short: number; tooMany: number; after: Taken }>(fixture('cpu.cjs'), { args: ['repeated'] });
  t.equal(result.ended, 1000);
  t.equal(result.short, 32);
  t.equal(result.tooMany, 8, 'of 40, only 32 at a time');
  t.ok(sum(stacksOf(result.after), contains('callsBoth')) > 0);
});

t.test('beside other profilers', async (t) => {
  const { other, ...taken } = await runJson<Record<string, Taken> & { other: { names: string[]; seconds: number; samples: number; deltas: number } }>(
    fixture('cpu.cjs'),
    { args: ['inspector'], flags: notInlined },
  );
  for (const [name, profile] of Object.entries(taken)) t.ok(sum(stacksOf(profile as Taken), contains('spinLong')) > 0, name);
  t.ok(other.names.includes('spinLong') && other.names.includes('spinShort'), 'the inspector has seen the same');
  t.ok(other.seconds >= 0.3 && other.samples > 30 && other.samples === other.deltas, 'for as long as it was asked to');

  const directory = t.testdir({});
  await take('busy', [...notInlined, '--cpu-prof', `--cpu-prof-dir=${directory}`]);
  const files = await readdir(directory);
  t.equal(files.length, 1);
  const { nodes } = JSON.parse(await readFile(join(directory, files[0]!), 'utf8')) as { nodes: { callFrame: { functionName: string } }[] };
  t.ok(nodes.some(({ callFrame }) => callFrame.functionName === 'spinLong'), '--cpu-prof');
});

/** How each ending in test/fixtures/cpu-endings.cjs shows, where that is not code 0 and silence. */
const ENDINGS: Record<string, { code?: number; stderr?: RegExp }> = {
  'process.exit(3)': { code: 3 },
  'process.exit(4) later': { code: 4 },
  'an exception': { code: 1, stderr: /thrown on purpose/ },
  'process.exit(5) with labels': { code: 5 },
  'process.exit(9) with workers': { code: 9 },
};

t.test('a process ends as it would without', async (t) => {
  const names = await runJson<string[]>(fixture('cpu-endings.cjs'), { args: ['names'] });
  for (const name of names) {
    const exits = await Promise.all([1, 2, 3].map(() => runNode(fixture('cpu-endings.cjs'), { args: [name] })));
    for (const exit of exits) t.match(exit, { code: 0, signal: null, stdout: '', stderr: /^$/, ...ENDINGS[name] }, name);
  }
});

t.test('20: over HTTP', async (t) => {
  const server = await listen({ port: 0 });
  t.teardown(() => closeServer(server));
  // What is no positive integer means 30 seconds, as in Go.
  const began = Date.now();
  const defaults = ['', '?seconds=', '?seconds=abc', '?seconds=0', '?seconds=-5', '?seconds=1.5', '?seconds=99999999999999999999'].map(async (query) => ({
    reply: await fetchPath(server, `/debug/pprof/profile${query}`),
    seconds: (Date.now() - began) / 1000,
    query,
  }));

  const seconds = async (n: number, query = ''): Promise<Profile> => {
    const start = performance.now();
    const { status, headers, bytes } = await fetchPath(server, `/debug/pprof/profile?seconds=${n}${query}`);
    t.equal(status, 200);
    const taken = (performance.now() - start) / 1000;
    t.ok(taken >= n - 0.001, `takes ${n} s`);
    t.match(headers, {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="profile"',
      'x-content-type-options': 'nosniff',
    });
    t.notMatch(headers, { 'content-encoding': /./ });
    t.same(checkFleetRules(bytes, { kind: 'profile', windowed: true }), []);
    const profile = decode(bytes);
    const length = Number(profile.durationNanos) / 1e9;
    t.ok(length >= n - 0.001 && length <= taken && length < n + 5, `covers ${length} of ${taken} s`);
    t.ok(profile.sample.every(({ value }) => Number(value[1]) === Number(value[0]) * Number(profile.period)), 'values');
    return profile;
  };
  await Promise.all([seconds(1), seconds(2, '&debug=1'), seconds(1)]);
  if (!('skip' in needsGo())) {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debug/pprof/profile`;
    t.match((await goPprof(['-top', '-seconds=1'], url)).stdout, /Type: cpu\n/, 'fetched by the tool');
  }
  const head = await fetchPath(server, '/debug/pprof/profile?seconds=1', { method: 'HEAD' });
  t.match([head.status, head.bytes.length], [200, 0], 'HEAD');
  t.match(await fetchPath(server, '/debug/pprof/profile?seconds=61'), {
    status: 400,
    text: 'invalid value for "seconds" - must be at most 60\n',
    headers: { 'x-go-pprof': '1' },
  });

  for (const { reply, seconds, query } of await Promise.all(defaults)) {
    t.equal(reply.status, 200, query);
    t.ok(seconds >= 29.9, `${query} takes ${seconds} s`);
    const length = Number(decode(reply.bytes).durationNanos) / 1e9;
    t.ok(length >= 29.9 && length <= seconds && length < 35, `${query} covers ${length} s`);
  }
});

t.test('21: only one at a time, where that is asked for', async (t) => {
  const server = await listen({ port: 0, exclusiveCpuProfile: true, maxSeconds: 2 });
  t.teardown(() => closeServer(server));
  const first = fetchPath(server, '/debug/pprof/profile?seconds=1');
  const refused = async (): Promise<void> => {
    let reply = await fetchPath(server, '/debug/pprof/profile?seconds=x');
    // The first one may not have come yet.
    while (reply.status === 200) reply = await fetchPath(server, '/debug/pprof/profile?seconds=1');
    t.match(reply, {
      status: 500,
      text: 'Could not enable CPU profiling: cpu profiling already in use\n',
      headers: { 'x-go-pprof': '1', 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    });
    t.equal(reply.headers['content-disposition'], undefined);
  };
  await refused();
  t.equal((await first).status, 200);
  const leave = new AbortController();
  const left = fetchPath(server, '/debug/pprof/profile', { signal: leave.signal });
  left.catch(() => {});
  await refused();
  const leftAt = performance.now();
  leave.abort();
  await t.rejects(left);
  let next = await fetchPath(server, '/debug/pprof/profile?seconds=1');
  while (next.status === 500) next = await fetchPath(server, '/debug/pprof/profile?seconds=1');
  t.equal(next.status, 200);
  t.ok(performance.now() - leftAt < 1900, 'at once');
});
