import { once } from 'node:events';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import t from 'tap';
import {
  lookup,
  memProfile,
  memProfileRate,
  profiles,
  runTask,
  setBlockProfileRate,
  setMemProfileRate,
  setMutexProfileFraction,
  start,
  stats,
  stop,
  writeHeapProfile,
} from 'mprof';
import { decode } from 'mprof/pprof';
import { fixture, OWN_COLLECTIONS, runJson, UNOPTIMISED } from './helpers/child';
import { checkProtobuf } from './helpers/check-protobuf';

interface ErrorShape {
  name: string;
  code: string;
  message: string;
}
const typeError = (message: string): ErrorShape => ({ name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message });
const rangeError = (message: string): ErrorShape => ({ name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message });
const IN_USE = { name: 'Error', code: 'ERR_MPROF_SAMPLER_IN_USE', message: /^V8's heap sampler, .* is in use by somebody else/ };

const RATES: [value: unknown, error: ErrorShape][] = [
  [-1, rangeError('memProfileRate must be a non-negative integer, got -1')],
  [1.5, rangeError('memProfileRate must be a non-negative integer, got 1.5')],
  [NaN, rangeError('memProfileRate must be a non-negative integer, got NaN')],
  [Infinity, rangeError('memProfileRate must be a non-negative integer up to 2147483647, got Infinity')],
  [2 ** 31, rangeError('memProfileRate must be a non-negative integer up to 2147483647, got 2147483648')],
  ['1', typeError('memProfileRate must be a non-negative integer, got "1"')],
  ['x'.repeat(50), typeError(`memProfileRate must be a non-negative integer, got "${'x'.repeat(40)}..."`)],
  [1n, typeError('memProfileRate must be a non-negative integer, got 1n')],
  [null, typeError('memProfileRate must be a non-negative integer, got null')],
  [true, typeError('memProfileRate must be a non-negative integer, got true')],
  [{}, typeError('memProfileRate must be a non-negative integer, got an object')],
  [() => 1, typeError('memProfileRate must be a non-negative integer, got a function')],
  [Symbol('1'), typeError('memProfileRate must be a non-negative integer, got a symbol')],
];

const STARTS: [options: unknown, error: ErrorShape][] = [
  [null, typeError('options must be an object, got null')],
  [1, typeError('options must be an object, got 1')],
  [[], typeError('options must be an object, got an array')],
  [{ stackDepth: 0 }, rangeError('stackDepth must be an integer from 1 to 256, got 0')],
  [{ stackDepth: 257 }, rangeError('stackDepth must be an integer from 1 to 256, got 257')],
  [{ stackDepth: 1.5 }, rangeError('stackDepth must be an integer, got 1.5')],
  [{ stackDepth: '5' }, typeError('stackDepth must be an integer, got "5"')],
  [{ stackDepth: null }, typeError('stackDepth must be an integer, got null')],
  [{ allocsBudget: 0 }, rangeError('allocsBudget must be a number above 0 and at most 1, got 0')],
  [{ allocsBudget: 1.01 }, rangeError('allocsBudget must be a number above 0 and at most 1, got 1.01')],
  [{ allocsBudget: NaN }, rangeError('allocsBudget must be a number above 0 and at most 1, got NaN')],
  [{ allocsBudget: '1' }, typeError('allocsBudget must be a number above 0 and at most 1, got "1"')],
  [{ maxCapturesPerSecond: -1 }, rangeError('maxCapturesPerSecond must be a number from 0 to 1000000, got -1')],
  [{ maxCapturesPerSecond: null }, typeError('maxCapturesPerSecond must be a number from 0 to 1000000, got null')],
  [{ callbacks: 1 }, typeError('callbacks must be a boolean, got 1')],
];

t.test('bad arguments are refused, and change nothing', async (t) => {
  const unchanged = (what: string): void => {
    t.match(stats(), { heap: 'off', memProfileRate: 524288, samples: 0 }, `${what} changes nothing`);
    t.equal(memProfileRate(), 524288);
  };
  for (const [value, error] of RATES) {
    t.throws(() => setMemProfileRate(value as number), error);
    t.throws(() => start({ memProfileRate: value as number }), error);
    unchanged(error.message);
  }
  t.throws(() => (setMemProfileRate as () => void)(), typeError('memProfileRate must be a non-negative integer, got undefined'));
  for (const [options, error] of STARTS) {
    // A good rate is not taken over when something else is bad.
    const whole = typeof options === 'object' && options !== null && !Array.isArray(options) ? { memProfileRate: 1, ...options } : options;
    t.throws(() => start(whole as object), error);
    unchanged(error.message);
  }
  const off = { blockRate: undefined, mutexFraction: undefined };
  for (const [value, error] of [
    [1.5, rangeError('RATE must be an integer, got 1.5')],
    [2 ** 53, rangeError('RATE must be an integer from -9007199254740991 to 9007199254740991, got 9007199254740992')],
    ['1', typeError('RATE must be an integer, got "1"')],
    [undefined, typeError('RATE must be an integer, got undefined')],
  ] as const) {
    const named = (name: string): ErrorShape => ({ ...error, message: error.message.replace('RATE', name) });
    t.throws(() => setBlockProfileRate(value as number), named('blockProfileRate'));
    t.throws(() => setMutexProfileFraction(value as number), named('mutexProfileFraction'));
    t.match(stats(), off, 'nothing is switched on');
  }
  t.throws(() => runTask(5 as never), typeError('fn must be a function, got 5'));
  t.throws(() => memProfile(null!), typeError('options must be an object, got null'));
  t.throws(() => memProfile({ inuseZero: 1 as never }), typeError('inuseZero must be a boolean, got 1'));
  t.throws(() => memProfile({ gc: 'yes' as never }), typeError('gc must be a boolean, got "yes"'));
  for (const heap of profiles()) {
    await t.rejects(heap.toBuffer(null!), typeError('options must be an object, got null'));
    await t.rejects(heap.toBuffer({ gc: 1 as never }), typeError('gc must be a boolean, got 1'));
    await t.rejects(heap.toBuffer({ debug: '1' as never }), typeError('debug must be an integer, got "1"'));
    await t.rejects(heap.toBuffer({ debug: 0.5 }), rangeError('debug must be an integer, got 0.5'));
  }
});

t.test('start, stop and the rate', async (t) => {
  t.teardown(stop);
  t.equal(memProfileRate(), 524288, 'the default is that of Go');
  stop();
  stop();
  t.equal(stats().heap, 'off', 'stop() does nothing when stopped');

  start();
  t.match(stats(), { heap: 'running', memProfileRate: 524288 });
  t.throws(() => start(), { name: 'Error', code: 'ERR_MPROF_ALREADY_STARTED', message: 'mprof is started already; call stop() first' });
  t.throws(() => start({ memProfileRate: 1 }), { code: 'ERR_MPROF_ALREADY_STARTED' });
  t.throws(() => start({ memProfileRate: -1 }), { code: 'ERR_MPROF_OUT_OF_RANGE' }, 'arguments are checked first');
  t.match(stats(), { heap: 'running', memProfileRate: 524288 }, 'and goes on as before');
  stop();

  setMemProfileRate(4096);
  t.match(stats(), { heap: 'off', memProfileRate: 4096 }, 'a rate to start with');
  start();
  t.match(stats(), { heap: 'running', memProfileRate: 4096 });
  stop();
  start({ memProfileRate: 8192, stackDepth: 256, allocsBudget: 1 });
  t.equal(memProfileRate(), 8192);
  stop();
  t.equal(memProfileRate(), 8192, 'stop() leaves the rate');

  start({ memProfileRate: 0 });
  t.match(stats(), { heap: 'off', memProfileRate: 0 }, 'rate 0 is off');
  t.throws(() => start(), { code: 'ERR_MPROF_ALREADY_STARTED' }, 'and started');
  setMemProfileRate(2 ** 31 - 1);
  t.match(stats(), { heap: 'running', memProfileRate: 2147483647 }, 'until another one is set');
  setMemProfileRate(0);
  t.equal(stats().heap, 'off');
  stop();
  start({ memProfileRate: 524288 });
});

t.test('the block rate and the mutex fraction', async (t) => {
  t.match(stats(), { blockRate: undefined, mutexFraction: undefined, lostWaits: 0, waitFailures: 0 }, 'both are off at first');
  setBlockProfileRate(5000);
  t.equal(setMutexProfileFraction(10), 0);
  // Captures are bounded: the effective rate begins where long waits are recorded.
  t.same(stats().blockRate, { lowest: 1e9, highest: 1e9 });
  t.same(stats().mutexFraction, { lowest: 10, highest: 10 });
  t.equal(setMutexProfileFraction(-5), 10, 'a negative fraction only reads it');
  t.equal(setMutexProfileFraction(0), 10);
  t.equal(setMutexProfileFraction(-1), 0);
  setBlockProfileRate(-3);
  t.match(stats(), { blockRate: undefined, mutexFraction: undefined }, 'and off again');
  t.equal(await runTask(async () => 5), 5, 'runTask returns what the function returns');
});

t.test('the rate can change at run time', async (t) => {
  interface Step {
    rates: Record<string, { sampled: Record<string, number>; estimated: Record<string, number> }>;
    heap: string;
    memProfileRate: number;
  }
  const { steps, heap, header } = await runJson<{ steps: Record<string, Step>; heap: string; header: string }>(fixture('rate-change.cjs'), {
    // What V8 makes for itself when a collection is harvested would be counted where that happens.
    flags: [...UNOPTIMISED, ...OWN_COLLECTIONS],
  });
  const counts = (step: string, rate: number): number[] => Object.values(steps[step]!.rates[rate]!.sampled);

  t.same(counts('exact', 1), [100, 102400, 100, 102400]);
  t.same(counts('sampled', 1), [100, 102400, 0, 0], 'totals go on, and what was in use before is given up');
  const { sampled, estimated } = steps.sampled!.rates[8192]!;
  // One in 8.5 is sampled: 1177 expected, with a standard deviation of 32. Five of them either way.
  t.ok(Math.abs(sampled.allocObjects! - 1177) < 160, `${sampled.allocObjects} objects sampled at the other rate`);
  t.equal(sampled.inuseObjects, sampled.allocObjects, 'all of them are in use');
  // Go's formula: each sampled object of 1024 bytes stands for 1 / (1 - exp(-1024 / 8192)), rounded towards zero.
  t.equal(estimated.allocObjects, Math.trunc(sampled.allocObjects! / (1 - Math.exp(-1 / 8))), 'unsampled with that rate');
  t.same(steps.unchanged, steps.sampled, 'to set the same rate again changes nothing');

  t.same(counts('exactAgain', 1), [150, 153600, 50, 51200], 'the record of the first rate goes on');
  t.same(counts('exactAgain', 8192).slice(0, 2), counts('sampled', 8192).slice(0, 2), 'that of the second keeps its totals');
  t.same(steps.exactAgain!.rates[8192]!.estimated.allocObjects, estimated.allocObjects, 'and its rate');
  t.same(counts('exactAgain', 8192).slice(2), [0, 0]);

  t.same(steps.off!.rates, steps.exactAgain!.rates, 'at rate 0 nothing is recorded, and nothing forgotten');
  t.match(steps.off, { heap: 'off', memProfileRate: 0 });

  await checkProtobuf(t, 'two rates', Buffer.from(heap, 'base64'));
  const profile = decode(Buffer.from(heap, 'base64'));
  t.equal(profile.period, 1, 'the period is the present rate');
  t.match(header, /@ heap\/2$/, 'text of two rates is unsampled already, as for rate 1');
});

t.test("somebody else uses V8's sampler", async (t) => {
  const run = (scenario: string): Promise<Record<string, unknown>> =>
    runJson(fixture('inspector.cjs'), { flags: UNOPTIMISED, args: [scenario] });

  t.match(
    await run('theirs first'),
    {
      refused: IN_USE,
      afterwards: { heap: 'off', rate: 524288 },
      refusedRate: IN_USE,
      rate: 0,
      theirObjects: 20,
      accepted: 'done',
      ours: [10, 10],
    },
    'start() is refused, and they have all of their samples',
  );
  t.match(
    await run('they ask for ours'),
    { ours: [20, 20], heap: 'running', theirObjects: 20 },
    'an inspector that starts later reads our samples, and harms none',
  );
  t.match(
    await run('they stop ours'),
    {
      before: [10, 10],
      after: [10, 10],
      heap: 'lost',
      refusedRate: IN_USE,
      rate: 1,
      refusedStart: { code: 'ERR_MPROF_ALREADY_STARTED' },
      stopped: [10, 10],
      restarted: [20, 10],
      again: 'running',
    },
    'the profile stays, until stop() and start()',
  );
  // V8 does not say whose samples it gives. Those of a sampler that counts anew are told by their numbers, once there
  // are some; a garbage collection before that leaves what was in use counted as freed.
  const { theirObjects, after, ...restarted } = await run('they restart ours');
  t.match(
    restarted,
    { before: [1000, 1000], heap: 'lost', refused: IN_USE, accepted: 'done', ours: [1010, 10] },
    'a sampler of theirs is not taken for ours, nor stopped',
  );
  t.equal((after as number[])[0], 1000, 'what was allocated stays');
  t.ok((theirObjects as number) > 20, `they have ${theirObjects} samples`);
  if ('startHeapProfile' in (await import('node:v8'))) {
    t.match(await run('v8.startHeapProfile'), {
      refused: IN_USE,
      theirs: 'object',
      accepted: 'done',
      refusesThem: { name: 'Error' },
      ours: [10, 10],
      heap: 'running',
    });
  }
  const directory = t.testdir();
  const refused = await runJson(fixture('start.cjs'), { flags: ['--heap-prof', `--heap-prof-dir=${directory}`] });
  t.match(refused, IN_USE, '--heap-prof');
  const [file] = await readdir(directory);
  t.match(JSON.parse(await readFile(join(directory, file!), 'utf8')), { head: { callFrame: {} } }, 'which writes its file all the same');
});

t.test('one instance, however it is loaded', async (t) => {
  const { names, differing, heap } = await runJson<{ names: Record<string, string[]>; differing: string[]; heap: string }>(
    fixture('one-instance.mjs'),
  );
  t.same(differing, [], 'the same functions');
  t.equal(heap, 'running', 'and the same state');
  for (const [path, exported] of Object.entries({ mprof: 'lookup', 'mprof/http': 'handler', 'mprof/pprof': 'decode' })) {
    t.ok(names[path]?.includes(exported), `${path} has ${exported}`);
  }
});

t.test('a native part that does not fit', async (t) => {
  const { modules } = process.versions;
  t.same(await runJson(fixture('binary.cjs'), { args: ['999'] }), {
    name: 'Error',
    code: 'ERR_MPROF_BINARY',
    message:
      `the native part of mprof was built for a Node.js with ABI 999, and ${process.version} has ABI ${modules}; ` +
      'build it for this Node.js with "npm rebuild mprof"',
  });
  t.match(
    await runJson(fixture('binary.cjs')),
    {
      name: 'Error',
      code: 'ERR_MPROF_BINARY',
      message: /^the native part of mprof cannot be loaded \([^\n]*: cannot open shared object file\); build it for this Node.js with/,
      cause: /and more$/,
    },
    'or is missing',
  );
});

t.test('profiles by name', async (t) => {
  for (const name of ['nope', '', 'Heap', 'heap ', 'constructor', '__proto__', 'toString']) t.equal(lookup(name), undefined, `"${name}"`);
  const names = profiles().map(({ name }) => name);
  t.same(names, [...names].sort(), 'sorted');
  t.ok(names.includes('heap') && names.includes('allocs'));
  t.same(profiles(), names.map(lookup), 'the ones that lookup() finds');
  profiles().length = 0;
  t.equal(profiles().length, names.length, 'the list is the caller’s own');
  for (const { description } of profiles()) t.match(description, /^[A-Z].*\.$/);
  const bytes = await lookup('heap')!.toBuffer();
  for (const { byteLength, buffer } of [bytes, await lookup('heap')!.toBuffer({ debug: 1 })]) {
    t.equal(byteLength, buffer.byteLength, 'the memory is its own, so it can be transferred');
  }
  const { sample } = decode(bytes);
  t.ok(lookup('heap')!.count() >= sample.length && sample.length > 0, 'count() tells how many samples there are');
});

t.test('a profile as bytes', async (t) => {
  const heap = lookup('heap')!;
  for (const kind of ['heap', 'allocs'] as const) await checkProtobuf(t, kind, await lookup(kind)!.toBuffer({ gc: true }), { kind });
  t.same(await heap.toBuffer({ debug: 0 }).then((bytes) => [...bytes.subarray(0, 2)]), [0x1f, 0x8b]);
  for (const debug of [1, 2, -1]) t.match(Buffer.from(await heap.toBuffer({ debug })).toString(), /^heap profile: /, `debug ${debug}`);

  start({ memProfileRate: 256 });
  t.teardown(stop);
  memProfile({ gc: true });
  const time = BigInt(Date.now()) * 1_000_000n;
  const pending = heap.toBuffer();
  const before = memProfile({ inuseZero: true }).length;
  // This makes new records, which are not in a profile asked for before.
  JSON.parse(JSON.stringify(memProfile()));
  t.ok(memProfile({ gc: true, inuseZero: true }).length > before);
  const { sample, timeNanos } = decode(await pending);
  t.ok(sample.length <= before, 'as of the call');
  t.ok(BigInt(timeNanos) >= time && BigInt(timeNanos) <= BigInt(Date.now()) * 1_000_000n, 'and of that time');
});

t.test('a profile in a file', async (t) => {
  const heap = lookup('heap')!;
  const directory = t.testdir({ old: 'old content', folder: {} });
  const path = join(directory, 'heap.pb.gz');
  await heap.writeTo(path);
  decode(await readFile(path));
  await writeHeapProfile(join(directory, 'short.pb.gz'));
  decode(await readFile(join(directory, 'short.pb.gz')));
  await heap.writeTo(join(directory, 'heap.txt'), { debug: 1 });
  t.match(await readFile(join(directory, 'heap.txt'), 'utf8'), /^heap profile: /);

  // Whoever has the old file open reads the old file.
  const old = await open(join(directory, 'old'));
  await heap.writeTo(join(directory, 'old'));
  t.equal(await old.readFile('utf8'), 'old content');
  await old.close();
  decode(await readFile(join(directory, 'old')));

  const files = await readdir(directory);
  t.same(files.sort(), ['folder', 'heap.pb.gz', 'heap.txt', 'old', 'short.pb.gz'], 'nothing else is left');
  for (const [destination, got] of [[5, '5'], [undefined, 'undefined'], [{}, 'an object']] as const) {
    const error = typeError(`destination must be a path or a writable stream, got ${got}`);
    await t.rejects(heap.writeTo(destination as unknown as string), error);
    await t.rejects(writeHeapProfile(destination as unknown as string), error);
  }
  await t.rejects(heap.writeTo(join(directory, 'missing', 'heap.pb.gz')), { code: 'ENOENT' });
  await t.rejects(heap.writeTo(join(directory, 'folder')), /rename/);
  await t.rejects(writeHeapProfile(join(directory, 'folder')), /rename/);
  await t.rejects(heap.writeTo(join(directory, 'bad'), { debug: 0.5 }), { code: 'ERR_MPROF_OUT_OF_RANGE' });
  t.same((await readdir(directory)).sort(), files.sort(), 'an error leaves nothing behind');
  t.same(await readdir(join(directory, 'folder')), []);
});

t.test('a profile in a stream', async (t) => {
  const heap = lookup('heap')!;
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await heap.writeTo(stream);
  t.equal(stream.writableEnded || stream.destroyed, false, 'which is left open');
  await heap.writeTo(stream, { debug: 1 });
  stream.write('|');
  await writeHeapProfile(stream);
  stream.end();
  await once(stream, 'end');
  const bytes = Buffer.concat(chunks);
  const text = bytes.indexOf('heap profile: ');
  const end = bytes.indexOf('\n|', text) + 1;
  decode(bytes.subarray(0, text));
  t.match(bytes.subarray(text, end).toString(), /# MaxRSS = \d+\n$/, 'any number of profiles');
  decode(bytes.subarray(end + 1));

  let written = false;
  const slow = new Writable({
    write: (_chunk, _encoding, callback) => {
      setImmediate(() => {
        written = true;
        callback();
      });
    },
  });
  await heap.writeTo(slow);
  t.ok(written, 'is done when the stream has taken it');

  const broken = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('no space')) });
  broken.on('error', () => {});
  await t.rejects(heap.writeTo(broken), { message: 'no space' });
  const closed = new PassThrough();
  closed.destroy();
  await t.rejects(heap.writeTo(closed), { code: 'ERR_STREAM_DESTROYED' });
  const ended = new PassThrough();
  ended.on('error', () => {});
  ended.end();
  await t.rejects(heap.writeTo(ended), { code: 'ERR_STREAM_WRITE_AFTER_END' });
});
