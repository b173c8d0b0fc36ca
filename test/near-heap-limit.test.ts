import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { dumpNearHeapLimit } from 'mprof';
import { decode, gunzip, type Int64, type Profile } from 'mprof/pprof';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, FULL, runJson, runNode, UNOPTIMISED, type Exit } from './helpers/child';
import { runOnFullDisk } from './helpers/full-disk';
import { goCheck, needsGo } from './helpers/go-tool';

/*
 * The profile that is written when the heap is near its limit. With MPROF_TEST_SCALE=full fifty programs run out of memory, in
 * one of five ways each, two more in a slow one, and ten workers; otherwise one for each of the five, and one worker.
 */

const run = promisify(execFile);
const RUNS = FULL ? 10 : 1;
const LIMIT = '--max-old-space-size=48';
/** What V8 has inlined is charged to the caller. */
const NAMES = ['--no-turbo-inlining', '--no-maglev'];

/** What is in the folder, whole or not. */
async function onlyFile(t: Test, folder: string): Promise<Buffer> {
  const names = await readdir(folder);
  t.match(names, [/^heap-near-limit-\d{8}T\d{6}\.\d{3}Z-\d+-\d+\.pb\.gz$/]);
  t.equal(names.length, 1);
  return readFile(join(folder, names[0]!));
}

/** Bytes in use, by the name of the function that made them. */
function inUse(profile: Profile): Map<string, number> {
  const names = new Map(profile.function.map(({ id, name }) => [id, profile.stringTable[Number(name)]!]));
  const leaves = new Map(profile.location.map(({ id, line }) => [id, names.get(line[0]!.functionId)!]));
  const bytes = new Map<string, number>();
  for (const { locationId, value } of profile.sample) {
    const leaf = leaves.get(locationId[0]!)!;
    bytes.set(leaf, (bytes.get(leaf) ?? 0) + Number(value[3]));
  }
  return bytes;
}

function largest(bytes: Map<string, number>): string {
  return [...bytes].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

/** V8's own end: its message, and SIGABRT. */
function checkOutOfMemory(t: Test, { code, signal, stderr }: Exit): void {
  t.match(stderr, /FATAL ERROR: .*JavaScript heap out of memory/);
  t.same({ code, signal }, { code: null, signal: 'SIGABRT' }, 'as without a profiler');
}

/** Of each way, which functions V8 may charge. */
const LEAKS = {
  small: 'leakSmall',
  strings: /join|leakStrings/,
  large: 'leakLarge',
  map: /leakMap|set/,
  later: 'leakSmall',
  // Takes V8 minutes on a busy machine.
  ...(FULL && { slowly: 'leakSmall' }),
};

t.test('the function that leaks is on top of what is left behind', async (t) => {
  const unarmed = await runNode(fixture('near-limit.cjs'), { flags: [LIMIT], args: ['small', 'none'] });
  checkOutOfMemory(t, unarmed);
  for (const [scenario, leaking] of Object.entries(LEAKS)) {
    const runs = scenario === 'slowly' ? 2 : RUNS;
    for (let run = 0; run < runs; run++) {
      const folder = t.testdir();
      const exit = await runNode(fixture('near-limit.cjs'), { flags: [LIMIT, ...NAMES], args: [scenario, folder] });
      checkOutOfMemory(t, exit);
      const packed = await onlyFile(t, folder);
      const profile = decode(gunzip(packed));
      const bytes = inUse(profile);
      t.match(largest(bytes), leaking, `${scenario} ${run}`);
      t.match(exit.stderr, `mprof: near the heap limit, wrote ${folder}/heap-near-limit-`);
      const sum = [...bytes.values()].reduce((a, b) => a + b);
      // The limit is 48 MiB, and each of 4096-byte samples is known to within a few percent.
      t.ok(sum > 24 * 2 ** 20 && sum < 200 * 2 ** 20, `${scenario}: ${(sum / 2 ** 20).toFixed(1)} MiB in use`);
      if (run === 0 && scenario === 'small') await checkProtobuf(t, scenario, packed);
    }
  }
});

t.test('it is the profile that is written otherwise', async (t) => {
  for (const rate of [1, 700]) {
    const folder = t.testdir();
    const { before, counters, limits } = await runJson<{
      before: string;
      counters: Record<string, number>;
      limits: [before: number, raised: number, after: number];
    }>(fixture('near-limit.cjs'), { flags: [LIMIT, '--expose-gc', ...UNOPTIMISED], args: ['compare', folder, String(rate)] });
    t.ok(limits[1] > limits[0], `the limit is raised by ${((limits[1] - limits[0]) / 2 ** 20).toFixed(1)} MiB`);
    t.equal(limits[2], limits[0], 'until there is room again');
    t.match(counters, { heapLimitDumps: 1, failedHeapLimitDumps: 0 });
    const packed = await onlyFile(t, folder);
    const written = decode(gunzip(packed));
    const expected = decode(gunzip(Buffer.from(before, 'base64')));
    t.match(written.comment.map((row) => written.stringTable[Number(row)]), [/^near the heap limit of \d+ bytes$/]);
    const actualRows = rowsOf(written);
    const expectedRows = rowsOf(expected);
    t.ok(expectedRows.length > 40, `${rate}: ${expectedRows.length} samples`);
    t.same(actualRows.map(({ at }) => at), expectedRows.map(({ at }) => at), 'the same stacks, positions, addresses and labels, in the same order');
    // Two libraries compute the exponential function, each to the last digit but one; the product is rounded down.
    const off = actualRows.flatMap(({ value }, row) => value.map((n, i) => Math.abs(n - expectedRows[row]!.value[i]!)));
    t.ok(Math.max(...off) <= (rate === 1 ? 0 : 1), 'the same estimates');
    t.ok(off.filter((n) => n > 0).length <= off.length / 100);
    t.same(headOf(written), headOf(expected));
  }
});

/** Samples with everything that their numbers stand for. */
function rowsOf(profile: Profile): { at: unknown; value: number[] }[] {
  const text = (row: Int64): string => profile.stringTable[Number(row)]!;
  const functions = new Map(profile.function.map((f) => [f.id, [text(f.name), text(f.systemName), text(f.filename), f.startLine]]));
  const locations = new Map(
    profile.location.map((l) => [l.id, [l.address, l.mappingId, ...l.line.flatMap((line) => [functions.get(line.functionId), line.line, line.column])]]),
  );
  return profile.sample.map(({ locationId, value, label }) => ({
    at: [locationId.map((id) => locations.get(id)), label.map(({ key, num }) => [text(key), num])],
    value: value.map(Number),
  }));
}

function headOf(profile: Profile): unknown {
  const text = (row: Int64): string => profile.stringTable[Number(row)]!;
  const type = (value: { type: Int64; unit: Int64 } | undefined): string[] => [text(value?.type ?? 0), text(value?.unit ?? 0)];
  const { sampleType, periodType, period, durationNanos, mapping, keepFrames, dropFrames, defaultSampleType } = profile;
  return [
    sampleType.map(type),
    type(periodType),
    period,
    durationNanos,
    mapping.map(({ id, filename, hasFunctions, hasFilenames, hasLineNumbers }) => [id, text(filename), hasFunctions, hasFilenames, hasLineNumbers]),
    text(keepFrames),
    text(dropFrames),
    text(defaultSampleType),
    profile.stringTable.slice(0, 2),
  ];
}

t.test('what ends it', async (t) => {
  for (const scenario of ['aborted', 'stopped', 'again']) {
    const folder = t.testdir();
    checkOutOfMemory(t, await runNode(fixture('near-limit.cjs'), { flags: [LIMIT, ...NAMES], args: [scenario, folder] }));
    t.equal((await readdir(folder)).length, scenario === 'again' ? 1 : 0, scenario);
  }
});

t.test("Node's own dump is still written", async (t) => {
  const folder = t.testdir();
  const exit = await runNode(fixture('near-limit.cjs'), {
    flags: [LIMIT, '--heapsnapshot-near-heap-limit=1', `--diagnostic-dir=${folder}`],
    args: ['large', folder],
  });
  checkOutOfMemory(t, exit);
  t.match((await readdir(folder)).sort(), [/^Heap\..*\.heapsnapshot$/, /^heap-near-limit-/]);
});

t.test("Go's tools read it", needsGo(), async (t) => {
  const folder = t.testdir();
  await runNode(fixture('near-limit.cjs'), { flags: [LIMIT, ...NAMES], args: ['small', folder] });
  const { profiles } = await goCheck(await onlyFile(t, folder));
  t.equal(largest(new Map(Object.entries(profiles[0]!.flat).map(([name, values]) => [name, values[3]!]))), 'leakSmall');
});

t.test('a worker has a limit of its own', async (t) => {
  for (let run = 0; run < RUNS; run++) {
    const folder = t.testdir();
    const { code } = await runJson<{ code: string }>(fixture('near-limit.cjs'), { flags: NAMES, args: ['worker', folder] });
    t.equal(code, 'ERR_WORKER_OUT_OF_MEMORY', 'it ends that worker alone, as without a profiler');
    t.equal(largest(inUse(decode(gunzip(await onlyFile(t, folder))))), 'leakSmall');
    t.match(await readdir(folder), [/-1\.pb\.gz$/], 'whose number is in the name');
  }
});

t.test('what cannot be written leaves nothing', async (t) => {
  const folder = t.testdir();
  // No file may have more than 512 bytes, or 1024 where the shell counts in these.
  const limited = ['-c', 'ulimit -f 1; exec env -u NODE_OPTIONS "$@"', 'sh', process.execPath, LIMIT, fixture('near-limit.cjs'), 'small', folder];
  const { stderr, signal } = await run('sh', limited, { env: { ...process.env, NODE_OPTIONS: '' } }).catch((error) => error);
  t.match(stderr, /mprof: near the heap limit, could not write .*heap-near-limit-.*: File too large/);
  t.match(stderr, /FATAL ERROR: .*JavaScript heap out of memory/);
  t.equal(signal, 'SIGABRT');
  t.same(await readdir(folder), []);
});

t.test('nor does it on a full disk', async (t) => {
  const folder = t.testdir();
  const { signal, stderr } = await runOnFullDisk(folder, [LIMIT, fixture('near-limit.cjs'), 'small', folder]);
  t.match(stderr, /mprof: near the heap limit, could not write .*heap-near-limit-.*: No space left on device/);
  t.match(stderr, /FATAL ERROR: .*JavaScript heap out of memory/);
  t.equal(signal, 'SIGABRT');
  t.same(await readdir(folder), []);
});

t.test('options', (t) => {
  const file = join(t.testdir({ file: '' }), 'file');
  for (const [options, code, message] of [
    [{ path: 3 }, 'ERR_MPROF_INVALID_ARG_TYPE', 'path must be a folder that can be written to, got 3'],
    [{ path: '/no/such' }, 'ERR_MPROF_OUT_OF_RANGE', 'path must be a folder that can be written to, got "/no/such"'],
    [{ path: file }, 'ERR_MPROF_OUT_OF_RANGE', /^path must be a folder that can be written to/],
    [{ path: t.testdirName, signal: {} }, 'ERR_MPROF_INVALID_ARG_TYPE', 'signal must be an AbortSignal, got an object'],
    [null, 'ERR_MPROF_INVALID_ARG_TYPE', 'options must be an object, got null'],
  ] as const) {
    t.throws(() => dumpNearHeapLimit(options as never), { code, message });
  }
  t.end();
});
