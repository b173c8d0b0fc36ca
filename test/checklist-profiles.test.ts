import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { decode } from 'mprof/pprof';
import { alignTabs, cellOf } from './helpers/tab-align';
import { fixture, OWN_COLLECTIONS, UNOPTIMISED } from './helpers/child';
import { goCheck, goPprof, needsGo, type GoSummary } from './helpers/go-tool';

t.setTimeout(240_000);

/* The compatibility list's items about the heap, block and mutex profiles, as `go tool pprof` sees them over HTTP. */

const ALL = 1;
const DEFAULT_RATE = 524288;

interface Service {
  url: string;
  /** Has the service do something, and waits until it is done. */
  run(command: string, ...args: number[]): Promise<unknown>;
  text(path: string): Promise<string>;
}

async function service(t: Test, rate: number): Promise<Service> {
  const program = [...UNOPTIMISED, ...OWN_COLLECTIONS, fixture('checklist-service.cjs'), String(rate)];
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const url = `http://127.0.0.1:${port}/debug/pprof`;
  return {
    url,
    async run(...command) {
      child.send(command);
      const [{ result }] = (await once(child, 'message')) as [{ result: unknown }];
      return result;
    },
    text: async (path) => (await fetch(`${url}/${path}`)).text(),
  };
}

interface RawSample {
  values: number[];
  /** Names of the stack's functions, leaf first. */
  stack: string[];
  bytes: number | undefined;
}

interface Raw {
  text: string;
  samples: RawSample[];
  /** Sum of each column over the samples of a leaf. */
  flat(leaf: string): number[] | undefined;
}

/** What `go tool pprof -raw` prints of these profiles together. */
async function raw(...urls: string[]): Promise<Raw> {
  const { stdout } = await goPprof(['-raw'], ...urls);
  const locations = new Map<string, string>();
  for (const [, id, name] of stdout.matchAll(/^ *(\d+): 0x[0-9a-f]+ M=1 (.*?) \S*:\d+(?::\d+)? s=\d+/gm)) locations.set(id!, name!);
  const samples: RawSample[] = [];
  const body = stdout.slice(stdout.indexOf('Samples:'), stdout.indexOf('Locations'));
  for (const [, values, ids, bytes] of body.matchAll(/^ *((?:-?\d+ *)+): ((?:\d+ )+)\n(?: +bytes:\[(\d+)\])?/gm)) {
    samples.push({
      values: values!.trim().split(/ +/).map(Number),
      stack: ids!.trim().split(' ').map((id) => locations.get(id) ?? `location ${id}`),
      bytes: bytes === undefined ? undefined : Number(bytes),
    });
  }
  const flat = (leaf: string): number[] | undefined => {
    const own = samples.filter(({ stack }) => stack[0] === leaf).map(({ values }) => values);
    return own.length === 0 ? undefined : own.reduce((sum, values) => sum.map((value, i) => value + values[i]!));
  };
  return { text: stdout, samples, flat };
}

t.test('2: types and period', needsGo(), async (t) => {
  const { url } = await service(t, DEFAULT_RATE);
  const types = 'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes';
  const heap = await raw(`${url}/heap`);
  t.match(heap.text, /^PeriodType: space bytes\nPeriod: 524288\n/m);
  t.match(heap.text, `Samples:\n${types}\n`);
  t.match((await raw(`${url}/allocs`)).text, `Samples:\n${types.replace('alloc_space/bytes', 'alloc_space/bytes[dflt]')}\n`);
});

t.test('3: the label bytes', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('twoSizes');
  const { samples } = await raw(`${url}/heap?gc=1`);
  const wrong = samples.filter(({ values: [objects, space], bytes }) => (bytes !== undefined) !== objects! > 0 || Math.abs(space! / objects! / bytes! - 1) > 1 / 8);
  t.same(wrong, [], 'there if anything was allocated, and about what each object has');
  const own = samples.filter(({ stack, bytes }) => stack[0] === 'twoSizes' && bytes! >= 1024);
  t.same(own.map(({ values, bytes }) => [values[0], bytes]).sort(), [[1, 1024], [1, 2048]], 'two sizes are two samples');
});

t.test('4: exact counts', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('keepAndDrop');
  const { flat } = await raw(`${url}/heap?gc=1`);
  t.same(flat('keep'), [100, 102400, 100, 102400]);
  t.same(flat('drop'), [50, 102400, 0, 0]);
});

/** What so many sampled objects of so many bytes in all stand for at the default rate. */
function scaled(objects: number, bytes: number): [objects: number, bytes: number] {
  const factor = 1 / (1 - Math.exp(-(bytes / objects) / DEFAULT_RATE));
  return [Math.trunc(objects * factor), Math.trunc(bytes * factor)];
}

const byFirst = ([a = 0]: readonly number[], [b = 0]: readonly number[]): number => a - b;

t.test('5: estimates at the default rate', needsGo(), async (t) => {
  const { url, run, text } = await service(t, DEFAULT_RATE);
  await run('churn', 400_000);
  const { samples } = await raw(`${url}/heap?gc=1`);
  // What V8 makes for the function itself may be sampled as well, and is of another size.
  const own = samples.filter(({ stack, bytes = 0 }) => stack[0] === 'churn' && Math.abs(bytes / 1024 - 1) < 1 / 8);
  t.equal(own.length, 1, 'one record');
  const [objects, space] = own[0]!.values;
  // 781 samples are expected; the chance of 30 % more or less is below 1e-12 by Chernoff's bound.
  t.ok(Math.abs(space! / (400_000 * 1024) - 1) < 0.3, `${space} bytes`);
  t.ok(Math.abs(space! / objects! / 1024 - 1) < 0.001, `of ${objects} objects`);

  // The text form has what was sampled: so many objects stand for exactly so many, as Go computes it.
  t.same(scaled(1, 100), [5243, 524338], 'one of 100 bytes');
  const records = [...(await text('heap?debug=1')).matchAll(/^\d+: \d+ \[(\d+): (\d+)\] @ [^\n]+\n#\t\w+\tchurn\+/gm)];
  const expected = records.map(([, objects, space]) => scaled(Number(objects), Number(space)));
  t.ok(expected.length > 0);
  const printed = samples.filter(({ stack }) => stack[0] === 'churn').map(({ values }) => values.slice(0, 2));
  t.same(printed.sort(byFirst), expected.sort(byFirst), 'what is served is what was sampled, scaled');
  // The same scaling by the tool itself.
  const single = Buffer.from('heap profile: 1: 100 [2: 200] @ heap/1048576\n1: 100 [2: 200] @ 0x1000\n');
  const { profiles } = await goCheck(single);
  t.same(profiles[0]!.totals.slice().sort((a, b) => a - b), [...scaled(1, 100), ...scaled(2, 200)].sort((a, b) => a - b), 'as the tool does');
});

t.test('6, 7, 8: what readers see', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('keepAndDrop');
  const first = await raw(`${url}/heap`);
  t.same(first.flat('keep'), [100, 102400, 100, 102400], '7: everything, before any collection');
  t.same(first.flat('drop'), [50, 102400, 50, 102400]);
  await run('collect');
  const collected = await raw(`${url}/heap`);
  t.same(collected.flat('drop'), [50, 102400, 0, 0], '8: what has died is allocated, and no longer in use');
  await run('keepAndDrop');
  for (const kind of ['heap', 'allocs']) {
    const { flat } = await raw(`${url}/${kind}`);
    t.same([flat('keep'), flat('drop')], [collected.flat('keep'), collected.flat('drop')], `6: nothing new in ${kind} until a collection`);
  }
  await run('free');
  const fresh = await raw(`${url}/heap?gc=1`);
  t.same(fresh.flat('keep'), [200, 204800, 0, 0], '6: and then all of it; 8: only in use falls');
  t.same(fresh.flat('drop'), [100, 204800, 0, 0]);
  t.ok([first, collected, fresh].every(({ samples }) => samples.every(({ values }) => values.every((value) => value >= 0))), 'nothing is negative');
});

t.test('9: deep stacks', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('deep', 400);
  const { samples } = await raw(`${url}/heap?gc=1`);
  const deepest = samples.filter(({ stack }) => stack[0] === 'deep');
  t.same(deepest.map(({ stack }) => stack), [Array.from({ length: 128 }, () => 'deep')], 'the leaf is kept, the root is cut off');
});

t.test('10, 12: the text form of the heap', async (t) => {
  const { run, text } = await service(t, DEFAULT_RATE);
  await run('churn', 20_000);
  await run('collect');
  const heap = await text('heap?debug=1');
  const [header] = heap.split('\n');
  t.match(header, /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/1048576$/);
  const [records, trailer] = heap.split('\n\n\n') as [string, string];
  const blocks = records.split('\n').slice(1).join('\n').split(/\n\n/);
  const inUse = blocks.map((block) => Number(/^\d+: (\d+) /.exec(block)![1]));
  t.same(inUse, [...inUse].sort((a, b) => b - a), 'the largest first');
  t.match(trailer, /^# runtime\.MemStats\n/);
  const keys = [...trailer.matchAll(/^# (\w+) = /gm)].map(([, key]) => key);
  t.same(keys, [
    ...['Alloc', 'TotalAlloc', 'Sys', 'Lookups', 'Mallocs', 'Frees', 'HeapAlloc', 'HeapSys', 'HeapIdle', 'HeapInuse', 'HeapReleased', 'HeapObjects'],
    ...['Stack', 'MSpan', 'MCache', 'BuckHashSys', 'GCSys', 'OtherSys', 'NextGC', 'LastGC', 'PauseNs', 'PauseEnd', 'NumGC', 'NumForcedGC'],
    ...['GCCPUFraction', 'DebugGC', 'MaxRSS'],
  ]);
  t.equal(/^# PauseNs = \[(.*)\]$/m.exec(trailer)![1]!.split(' ').length, 256);
  t.ok(heap.endsWith('\n'));

  t.ok(blocks.some((block) => block.includes('\tchurn+0x0\t')));
  checkStackLines(t, 'heap', records);
});

/** 12: stacks are aligned as Go does it, and printed addresses are one less than listed ones. Returns how many there are. */
function checkStackLines(t: Test, name: string, text: string): number {
  const stacks = [...text.matchAll(/ @((?: 0x[0-9a-f]+)+)\n(?:# labels: [^\n]+\n)?((?:#\t[^\n]+(?:\n|$))+)/g)];
  for (const [, addresses, stack] of stacks) {
    const lines = stack!.trimEnd().split('\n');
    const cells = lines.map((line) => line.split(/\t+/));
    t.same(cells.map(([, address]) => Number(address)), addresses!.trim().split(' ').map((address) => Number(address) - 1), `12: ${name}: one less`);
    t.equal(alignTabs(cells.map((line) => line.map(cellOf))), `${lines.join('\n')}\n`, `12: ${name}: aligned`);
  }
  t.equal(stacks.length, text.match(/ @ 0x/g)?.length, `12: ${name}: every stack is looked at`);
  return stacks.length;
}

t.test('12: stack lines of the other texts', async (t) => {
  const { run, text } = await service(t, DEFAULT_RATE);
  await run('block', 1);
  await run('mutex', 1);
  await run('locks', 5, 1);
  await run('beginWait', 60_000);
  for (const name of ['block', 'mutex', 'goroutine', 'threadcreate']) t.ok(checkStackLines(t, name, await text(`${name}?debug=1`)) > 0, name);
});

t.test('11, 17: text and protobuf are read the same', needsGo(), async (t) => {
  const { url, run, text } = await service(t, ALL);
  await run('block', 1);
  await run('mutex', 1);
  await run('keepAndDrop');
  await run('locks', 5, 2);
  await run('block', 0);
  await run('mutex', 0);
  await run('collect');
  /** Values of functions by the name of their type, whose order differs. */
  const directory = t.testdir();
  const flat = async (path: string, ...functions: string[]): Promise<object> => {
    const file = join(directory, 'fetched.pb.gz');
    await goPprof(['-proto', '-symbolize=remote', `-output=${file}`], `${url}/${path}`);
    const [{ flat, sampleTypes }] = (await goCheck(file)).profiles as [GoSummary];
    const typed = (values: number[] = []): object => Object.fromEntries(values.map((value, i) => [sampleTypes![i]!.type, value]).sort());
    return Object.fromEntries(functions.map((name) => [name, typed(flat[name])]));
  };
  // Reading allocates, but not in these functions.
  const heap = await flat('heap', 'keep', 'drop');
  t.match(heap, { keep: { alloc_objects: 100, inuse_space: 102400 }, drop: { alloc_space: 102400, inuse_space: 0 } });
  t.same(await flat('heap?debug=1', 'keep', 'drop'), heap, '11: the heap');
  for (const name of ['block', 'mutex']) {
    const { text: printed } = await raw(`${url}/${name}`);
    t.match(printed, /^PeriodType: contentions count\nPeriod: 1\n/m);
    t.match((await goPprof(['-top'], `${url}/${name}`)).stdout, /^Type: delay$/m, 'delay is shown by default');
    t.match(await text(`${name}?debug=1`), name === 'block' ? /^--- contention:\ncycles\/second=1000000000\n/ : /^--- mutex:\ncycles\/second=1000000000\nsampling period=1\n/);
    const leaf = name === 'block' ? 'await' : 'release';
    const waits = await flat(name, leaf);
    t.match(waits, { [leaf]: { contentions: 4 } });
    t.same(await flat(`${name}?debug=1`, leaf), waits, `17: ${name}`);
  }
});

t.test('11: four columns although nothing was freed', needsGo(), async (t) => {
  const { url, run, text } = await service(t, DEFAULT_RATE);
  // Few enough for nothing to be collected, so all that was allocated is in use: in the text, too.
  await run('churn', 20_000);
  const [, inUse, bytes, all, allBytes] = /^heap profile: (\d+): (\d+) \[(\d+): (\d+)\]/.exec(await text('heap?debug=1')) ?? [];
  t.same([all, Number(allBytes)], [inUse, Number(bytes) + 1], 'told by one byte more');
  const file = join(t.testdir(), 'fetched.pb.gz');
  await goPprof(['-proto', '-symbolize=remote', `-output=${file}`], `${url}/heap?debug=1`);
  for (const type of ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space']) {
    const { stdout } = await goPprof(['-top', `-sample_index=${type}`, '-nodefraction=0'], file);
    t.match(stdout, `Type: ${type}\n`);
    t.match(stdout, /^ *[1-9]\S* .* churn$/m, type);
  }
});

t.test('14, 15: waits', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('block', 1);
  await run('mutex', 1);
  const slept = (await run('waits', 50, 20)) as number;
  await run('beginWait', 60_000);
  const read = async (): Promise<number[] | undefined> => {
    const { samples } = await raw(`${url}/block`);
    return samples.find(({ stack }) => stack[0] === 'Timeout' && stack[1] === 'waiter')?.values;
  };
  const [count, delay] = (await read())!;
  t.equal(count, 50, '14: each wait once; 15: but none that goes on');
  t.ok(delay! >= 50 * 19e6 && Math.abs(delay! / slept - 1) < 0.1, `14: for ${delay} of ${slept} ns`);
  await run('locks', 4, 5);
  const block = await raw(`${url}/block`);
  t.match(block.samples.find(({ stack }) => stack[1] === 'acquire'), { values: [3], stack: ['await', 'acquire', 'useLock'] }, '15: the waiter');
  const mutex = await raw(`${url}/mutex`);
  t.match(mutex.samples, [{ values: [3], stack: ['release', 'useLock'] }], '15: the holder');
  for (const off of [0, -1]) {
    await run('block', off);
    await run('waits', 3, 2);
    t.same(await read(), [count, delay], `14: rate ${off} adds nothing, and keeps what is there`);
  }
  // Waits shorter than the rate are recorded with a probability of their share of it, and then count for all of it: the
  // variance of the sum is the rate times the sum, at the most. How long they last depends on the machine.
  const [rounds, each] = [10, 200];
  let mean = ((await run('waits', each, 10)) as number) / each;
  for (;;) {
    const rate = Math.round(3 * mean);
    await run('block', rate);
    const before = (await read())![1]!;
    let waited = 0;
    for (let i = 0; i < rounds; i++) waited += (await run('waits', each, 10)) as number;
    const recorded = (await read())![1]! - before;
    // Six standard deviations; clocks are read a little earlier and later.
    t.ok(Math.abs(recorded - waited) < 6 * Math.sqrt(rate * waited) + waited / 20, `14: ${rate} ns, unbiased in sum: ${recorded} of ${waited} ns`);
    mean = waited / rounds / each;
    if (mean < rate / 2) break;
  }
});

t.test('16: the mutex fraction', async (t) => {
  const { run } = await service(t, ALL);
  t.same([await run('mutex', 5), await run('mutex', -1), await run('mutex', -1), await run('mutex', 0), await run('mutex', -1)], [0, 5, 5, 5, 0]);
});

t.test('16: totals with a fraction', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('mutex', 5);
  await run('locks', 1001, 1);
  const [{ values }] = (await raw(`${url}/mutex`)).samples as [RawSample];
  // One in five of 1,000: 200 with a standard deviation of 12.6, each counted five times; six of them are 380.
  t.ok(Math.abs(values[0]! - 1000) < 400 && values[0]! % 5 === 0, `${values[0]} of 1000`);
});

t.test('30: no difference', needsGo(), async (t) => {
  const [one, other] = [await service(t, ALL), await service(t, ALL)];
  for (const { run } of [one, other]) {
    await run('keepAndDrop');
    await run('collect');
  }
  const directory = t.testdir();
  const file = join(directory, 'base.pb.gz');
  await goPprof(['-proto', `-output=${file}`], `${one.url}/heap`);
  for (const index of ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space']) {
    const { stdout } = await goPprof(['-top', `-diff_base=${file}`, `-sample_index=${index}`], `${one.url}/heap`);
    t.match(stdout, /Showing nodes accounting for 0, 0% of [1-9]/, `an idle process: ${index}`);
  }
  const { stdout: across } = await goPprof(['-top', `-diff_base=${file}`, '-sample_index=alloc_space', '-nodefraction=0'], `${other.url}/heap`);
  const left = across.split('\n').filter((line) => / (keep|drop)$/.test(line) && !/^ +0 /.test(line));
  t.same(left, [], 'two processes cancel each other out, function by function');

  await one.run('block', 1);
  await one.run('mutex', 1);
  await one.run('locks', 4, 5);
  for (const [name, ...indexes] of [['block', 'contentions', 'delay'], ['mutex', 'contentions', 'delay'], ['goroutine', 'goroutine']] as const) {
    const base = join(directory, `${name}.pb.gz`);
    await goPprof(['-proto', `-output=${base}`], `${one.url}/${name}`);
    for (const index of indexes) {
      const { stdout } = await goPprof(['-top', `-diff_base=${base}`, `-sample_index=${index}`], `${one.url}/${name}`);
      t.match(stdout, /Showing nodes accounting for 0, 0% of [1-9]/, `an idle process: ${name} ${index}`);
    }
  }
});

t.test('31: reports and names', needsGo(), async (t) => {
  const { url, run } = await service(t, ALL);
  await run('names');
  await run('keepAndDrop');
  await run('collect');
  const file = join(t.testdir(), 'heap.pb.gz');
  await goPprof(['-proto', `-output=${file}`], `${url}/heap`);
  const types = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];
  for (const index of [...types, '0', '1', '2', '3']) {
    t.match((await goPprof(['-top', `-sample_index=${index}`], file)).stdout, `Type: ${types[Number(index)] ?? index}\n`, index);
  }
  for (const report of [['-lines', '-top'], ['-list=keep'], ['-peek=keep'], ['-tags'], ['-proto', '-output=/dev/null'], ['-traces'], ['-tree']]) {
    await t.resolves(goPprof(report, file), report.join(' '));
  }
  const { flat } = await raw(file);
  for (const name of ['Array<T>.map', 'größe']) t.same(flat(name)?.slice(0, 2), [1, 1024], name);
  t.ok(flat('(anonymous)'), '(anonymous)');
});

t.test('35: several scrapes add up', needsGo(), async (t) => {
  const [one, other] = [await service(t, ALL), await service(t, 2)];
  await one.run('keepAndDrop');
  await one.run('collect');
  const merged = await raw(`${one.url}/heap`, `${one.url}/heap`);
  t.same(merged.flat('keep'), [200, 204800, 200, 204800]);
  t.match(merged.text, /^Period: 1$/m);
  t.match((await raw(`${one.url}/allocs`, `${other.url}/allocs`)).text, /^Period: 2$/m, 'the larger period');
});

t.test('36: reading does not show up as a leak', async (t) => {
  const { url, run, text } = await service(t, ALL);
  await run('block', 1);
  await run('mutex', 1);
  const inUse = async (): Promise<number> => {
    const { sample } = decode(new Uint8Array(await (await fetch(`${url}/heap?gc=1`)).arrayBuffer()));
    return sample.reduce((sum, { value }) => sum + Number(value[3]!), 0);
  };
  // The first ones load and compile code.
  for (let i = 0; i < 3; i++) await inUse();
  const before = await inUse();
  for (let i = 0; i < 5; i++) await fetch(`${url}/heap`).then((reply) => reply.arrayBuffer());
  const after = await inUse();
  t.ok(after - before < 5 * 20_000, `${before} bytes in use, then ${after}`);
  t.same(sitesOf(await text('mutex?debug=1')), [], 'nor as contention');
});

/** The stacks of a text profile, by who waits or ends waits: the innermost frame in a script. */
function sitesOf(text: string): string[] {
  const stacks = [...text.matchAll(/ @ 0x[^\n]+\n((?:#[^\n]*\n)+)/g)].map(([, lines]) => lines!.trim().split('\n'));
  return stacks.map((lines) => lines.map((line) => line.split(/\t+/).slice(2).join(' ')).find((frame) => !frame.endsWith('?:0')) ?? '');
}

t.test('36: reading does not show up as waiting', async (t) => {
  const { url, run, text } = await service(t, 0);
  await run('callbacks');
  await run('block', 1);
  await run('mutex', 1);
  const paths = ['', 'heap', 'heap?debug=1', 'allocs', 'block', 'block?debug=1', 'mutex', 'goroutine', 'goroutine?debug=1', 'goroutine?debug=2'];
  const others = ['threadcreate', 'delta_heap', 'delta_block', 'delta_mutex', 'heap?thread=0', 'symbol?0x10', 'cmdline', 'none'];
  const windows = ['heap?seconds=1', 'block?seconds=1', 'goroutine?seconds=1', 'profile?seconds=1'].map(text);
  for (let i = 0; i < 5; i++) await Promise.all([...paths, ...others].map(text));
  for (const path of ['heap?gc=1', 'goroutine?full=1']) await text(path);
  for (const debug of [1, 2]) {
    // Of the request itself it is no wait.
    const pending = (await text(`goroutine?debug=${debug}`)).split('\n\n').filter((stack) => !stack.includes('running'));
    t.same(pending.filter((stack) => /\/dist\/|unknown waiter/.test(stack)), [], `nor as what is under way, while windows are open, debug=${debug}`);
  }
  await Promise.all(windows);
  await fetch(`${url}/symbol`, { method: 'POST', body: '0x10' });
  t.same(sitesOf(await text('block?debug=1')), []);
  t.same(sitesOf(await text('mutex?debug=1')), []);
  t.equal(await run('lost'), 0);

  await run('waits', 3, 5);
  await run('read', 3);
  const sites = sitesOf(await text('block?debug=1'));
  t.ok(sites.some((frame) => frame.startsWith('waiter+0x0')), 'waits of the program do');
  t.ok(sites.some((frame) => frame.startsWith('reader+0x0')), 'those for a profile that it reads itself, too');
});
