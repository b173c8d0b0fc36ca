import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { decode } from 'mprof/pprof';
import { FULL } from './helpers/child';

/*
 * The parts of the addon that need no V8, on their own: programs in test/native, whose random numbers are the same in every
 * run.
 */

const run = promisify(execFile);

/** How many times as much as usual. */
const SCALE = FULL ? 20 : 1;
const SEEDS = [1, 2, 3];

const CACHE = 'node_modules/.cache/mprof';

/** Like CXXFLAGS, for instance those of a sanitizer. */
const FLAGS = process.env.MPROF_TEST_CXXFLAGS?.split(' ') ?? ['-O2'];

/**
 * Compiles a program of test/native with these parts of the addon, once for each state of the sources; the result runs it
 * with arguments and reads its JSON.
 */
async function compile(program: string, parts: string[]): Promise<<T>(...args: (string | number)[]) => Promise<T>> {
  const sources = [`test/native/${program}.cc`, ...parts.map((part) => `native/${part}.cc`)];
  const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-pthread', ...FLAGS];
  const hash = createHash('sha256').update(flags.join());
  const included = (await readdir('native')).filter((name) => name.endsWith('.h')).map((name) => `native/${name}`);
  for (const file of [...sources, ...included, 'test/native/model.h']) hash.update(await readFile(file));
  const binary = resolve(CACHE, `${program}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(binary)) {
    await mkdir(CACHE, { recursive: true });
    const unfinished = `${binary}.${process.pid}`;
    await run(process.env.CXX ?? 'c++', [...flags, '-I', headers(), ...sources, '-o', unfinished]);
    await rename(unfinished, binary);
  }
  return async (...args) => JSON.parse((await run(binary, args.map(String))).stdout);
}

/** Where libuv's are: where node-gyp has built with them. */
function headers(): string {
  return join(process.env.npm_config_nodedir ?? resolve(process.execPath, '../..'), 'include/node');
}

t.test('full tables take what they say, and no more than the limit', async (t) => {
  const fill = await compile('table-bytes', ['stack_table', 'bucket_table']);
  for (const length of [1, 40, 300, 4096]) {
    const { bytes, taken, peak, most, rowBytes, rowTaken, ...rows } = await fill<Record<string, number>>(length);
    t.ok(Math.abs(bytes! - taken!) < 0.01 * taken!, `texts of ${length}: ${bytes} bytes, allocated ${taken}, ${JSON.stringify(rows)}`);
    // Lists of chunks grow by copying, and an index is there twice while it does.
    t.ok(peak! < 1.01 * most!, `at most ${peak} of ${most}`);
    t.ok(rowTaken! <= rowBytes!, `rows of threads: ${rowTaken} of ${rowBytes}`);
    t.ok(most! + rowBytes! <= 64 * 2 ** 20);
  }
});

t.test('harvests stay within the budget', async (t) => {
  const phases = await compile('harvest-scheduler', ['harvest_scheduler']);
  type Phase = { spent: number; harvested: number };
  const cheap = [50, 0.05];
  const dear = [50, 57];
  const budget = 0.01;

  const [alone] = await phases<Phase[]>(budget, 600, ...cheap);
  t.equal(alone!.harvested, 1, 'every collection is harvested while that fits');

  for (const hours of [0.01, 1, 24]) {
    const [, after] = await phases<Phase[]>(budget, hours * 3600, ...cheap, 3600, ...dear);
    t.ok(after!.spent <= budget, `what was saved in ${hours} quiet hours is not spent in a dear one: ${after!.spent}`);
    t.ok(after!.spent >= budget / 2, 'in which most of the budget is used');
  }
  const [, , again] = await phases<Phase[]>(budget, 60, ...cheap, 600, ...dear, 3600, ...cheap);
  t.ok(again!.harvested > 0.9, `when harvests are cheap again, every collection is harvested again: ${again!.harvested}`);

  // Seldom, and as dear as the budget allows: on average that is within it.
  const [seldom] = await phases<Phase[]>(budget, 36000, 10_000, 92);
  t.equal(seldom!.harvested, 1, 'each harvest may use what was saved since the one before');
});

t.test('what each thread has counted', async (t) => {
  const parts = await compile('thread-parts', ['thread_parts', 'bucket_table']);
  interface Checks {
    compared: number;
    wrong: number;
    rows: number;
    lost: number;
  }
  const all = await parts<Checks>(100_000);
  t.match(all, { wrong: 0, lost: 0 }, 'as by a simple model');
  t.ok(all.compared > 10_000);
  const few = await parts<Checks>(50);
  t.match(few, { wrong: 0, rows: 50 }, 'where there is no more room, every count is still in one part or in what remains');
  t.ok(few.lost > 0, 'and it is told how many are not in their own');
});

t.test('objects of a thread for which there is no room', async (t) => {
  const owners = await compile('thread-owners', ['profile_table', 'stack_table', 'thread_parts', 'bucket_table']);
  t.same(await owners(1), { owner: 0, rows: 0, allocs: 1, frees: 1, later: 3, inUse: 1 }, 'die as whose they were counted, even if there is room by then');
});

t.test('stacks of several threads', async (t) => {
  const merge = await compile('cpu-merge', ['cpu_merge', 'cpu_columns', 'stack_table']);
  for (const threads of [1, 2, 7]) {
    const { samples, wrong, stacks, distinct } = await merge<Record<'samples' | 'wrong' | 'stacks' | 'distinct', number>>(threads);
    t.ok(samples > 500 * threads);
    t.equal(wrong, 0, 'each sample has the stack it had');
    t.equal(stacks, distinct, 'and the threads that have done the same thing share it');
  }
});

t.test('what died unseen is attributed to the functions that allocated it', async (t) => {
  const estimate = await compile('unseen-estimator', ['unseen_estimator']);
  interface Estimates {
    off: number;
    neverFalls: boolean;
    functions: { ratio: number; covered: number }[];
  }
  for (const [chance, windows, largestOff, coverage] of [
    [0.5, 20, 0.3, 0.8],
    [0.1, 20, 0.3, 0.8],
    [0.5, 200, 0.03, 0.92],
    [0.1, 200, 0.03, 0.92],
    [0.02, 200, 0.03, 0.92],
  ] as const) {
    const { off, neverFalls, functions } = await estimate<Estimates>(chance, windows);
    const what = `${windows} windows with a chance of ${chance.toPrecision(2)}`;
    t.ok(off < largestOff, `${what}: the total is off by ${(100 * off).toFixed(1)} % on average`);
    t.ok(neverFalls, 'counts never fall');
    for (const [i, { ratio, covered }] of functions.entries()) {
      t.ok(Math.abs(ratio - 1) < 0.03, `function ${i} is unbiased: ${ratio}`);
      t.ok(covered > coverage, `two standard errors hold it nearly as often as they claim: ${covered}`);
    }
  }
});

/* Programs that do what a seed says with one of the tables and with a plain list, and end with an error where these differ. */

t.test('strings, frames and stacks', async (t) => {
  const model = await compile('stack-table', ['stack_table']);
  for (const seed of SEEDS) {
    const { frames, refusedFrames, refusedStacks, refusedLabels } = await model<Record<string, number>>(seed, 40_000 * SCALE);
    t.ok(frames! > 1000, `seed ${seed}: ${frames} frames`);
    t.ok(refusedFrames! > 1000 && refusedStacks! > 1000 && refusedLabels! > 100, 'and full tables');
  }
});

t.test('buckets', async (t) => {
  const model = await compile('bucket-table', ['bucket_table']);
  for (const seed of SEEDS) {
    const { buckets, overflowed } = await model<Record<string, number>>(seed, 200_000 * SCALE);
    t.ok(buckets! > 1000 && overflowed! > 1000, `seed ${seed}: ${buckets} buckets, ${overflowed} objects without one`);
  }
});

t.test('copies of tables that are being filled', async (t) => {
  const model = await compile('table-copy', ['table_copy', 'profile_table', 'thread_parts', 'stack_table', 'bucket_table']);
  for (const seed of SEEDS) {
    const { reads, buckets, overflowed } = await model<Record<string, number>>(seed, 20_000 * SCALE);
    t.ok(reads! > 1 && buckets! > 1000 && overflowed! > 1000, `seed ${seed}: ${buckets} buckets, read ${reads} times`);
  }
});

t.test('waits at shared memory', async (t) => {
  const model = await compile('atomics-waiters', ['atomics_waiters']);
  for (const seed of SEEDS) {
    const { times, nanos } = await model<Record<string, number>>(seed, 100_000 * SCALE);
    t.ok(times! > 1000 && nanos! > 0, `seed ${seed}: notified ${times} times`);
  }
});

t.test('the hash, and the log of collections', async (t) => {
  const model = await compile('small-parts', ['gc_log']);
  for (const seed of SEEDS) {
    // Of 4096 pairs of bits; by Hoeffding's inequality one of them is off by 4 % with a chance below 1e-23.
    const { off } = await model<Record<string, number>>(seed, 20_000 * SCALE);
    t.ok(off! < 0.04, `seed ${seed}: a bit of the hash follows one of the input in ${100 * off!} % more than half of the cases at most`);
  }
});

t.test('quantiles of durations', async (t) => {
  const model = await compile('duration-histogram', []);
  for (const seed of SEEDS) {
    const { off } = await model<Record<string, number>>(seed, 3000);
    t.ok(off! <= 1 / 8, `seed ${seed}: too long by ${(100 * off!).toFixed(1)} % at most`);
  }
});

t.test('the log of CPU time', async (t) => {
  const model = await compile('cpu-time-log', ['cpu_time_log', 'thread_cpu_clock', 'clocks']);
  const { readings, idle } = await model<Record<string, number>>(1, 20);
  t.ok(readings! >= 3, `${readings} readings of a busy thread`);
  t.ok(idle! <= 6, `${idle} readings of one that has slept for 20 intervals`);
});

t.test('gzipped files', async (t) => {
  const folder = t.testdir({ taken: 'as it was' });
  const write = await compile('gzip-file', ['gzip_file']);
  for (const [size, piece] of [[0, 1], [1, 1], [65535, 65535], [65536, 7], [131070, 131070], [1_000_000, 99_999]] as const) {
    const path = join(folder, `${size}.gz`);
    t.equal(await write(path, size, piece), 0);
    const expected = Buffer.from(Array.from({ length: size }, (_, i) => Number((BigInt(i) * BigInt(i)) >> 3n & 255n)));
    t.ok(gunzipSync(await readFile(path)).equals(expected), `${size} bytes in pieces of ${piece}`);
  }
  t.equal(await write(join(folder, 'taken'), 10, 10), constants.errno.EEXIST);
  t.equal(await readFile(join(folder, 'taken'), 'utf8'), 'as it was');
  t.equal(await write(join(folder, 'no', 'such'), 10, 10), constants.errno.ENOENT);
  t.equal((await readdir(folder)).length, 7, 'and nothing else is left');
});

t.test('writing a profile takes little memory, however much there is', async (t) => {
  const folder = t.testdir();
  const write = await compile('heap-profile-writer', ['heap_profile_writer', 'gzip_file', 'file_url', 'profile_table', 'thread_parts', 'stack_table', 'bucket_table', 'table_copy']);
  // The second one fills the tree of stacks.
  for (const [functions, limit] of [[1000, 200], [26_215, 1500]] as const) {
    const path = join(folder, `${functions}.pb.gz`);
    const { error, peak, buckets } = await write<Record<string, number>>(path, functions);
    t.equal(error, 0);
    t.ok(peak! < limit * 1024, `${buckets} samples: ${peak} bytes`);
    const bytes = gunzipSync(await readFile(path));
    // Reading a large one takes seconds.
    if (functions > 1000) continue;
    const profile = decode(bytes);
    t.equal(profile.sample.length, buckets);
    const files = new Map(profile.function.map(({ name, filename }) => [profile.stringTable[Number(name)], profile.stringTable[Number(filename)]]));
    t.equal(files.get('f7'), '/srv/café/7.mjs', 'paths are as in the other profiles');
  }
});
