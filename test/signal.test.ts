import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { writeProfilesOnSignal } from 'mprof';
import { decode, gunzip } from 'mprof/pprof';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, runJson, runNode } from './helpers/child';
import { runOnFullDisk } from './helpers/full-disk';

/* Profiles that are written to files when the process gets a signal. */

const run = promisify(execFile);

interface Events {
  /** Paths, for each time. */
  written: string[][];
  errors: [code: string, path: string][];
}

const program = fixture('on-signal.cjs');
const send = <T = Events>(t: Test, scenario: string): Promise<T> => runJson<T>(program, { args: [scenario, t.testdir()] });

t.test('every profile has its file', async (t) => {
  const { written, errors } = await send(t, 'all');
  t.same(errors, []);
  t.equal(written.length, 1);
  const kinds = ['block', 'example.com_pool.open', 'goroutine', 'heap', 'mutex', 'threadcreate'];
  const names = await readdir(t.testdirName);
  t.same(written[0], names.sort().map((name) => join(t.testdirName, name)), 'nothing else is in the folder');
  t.same(names.map((name) => name.replace(/-\d{8}T\d{6}\.\d{3}Z-\d+-0\.pb\.gz$/, '')), kinds);
  for (const [i, kind] of kinds.entries()) {
    const bytes = await readFile(written[0]![i]!);
    if (kind === 'heap' || kind === 'block') await checkProtobuf(t, kind, bytes, { kind });
    const { sample } = decode(gunzip(bytes));
    // Which waits are recorded depends on how busy the machine is.
    if (kind !== 'block' && kind !== 'mutex') t.ok(sample.length > 0, `${kind}: ${sample.length} samples`);
  }
});

t.test('signals that come meanwhile are one', async (t) => {
  const { written, errors } = await send(t, 'often');
  t.same(errors, []);
  t.equal(written.length, 2);
});

t.test('a file that is there stays, and the others are written', async (t) => {
  const { written, errors } = await send(t, 'taken');
  t.match(errors, [['EEXIST', /heap-.*/]]);
  t.equal(errors.length, 1);
  const names = (await readdir(t.testdirName)).sort();
  t.match(names, [/^block-19700101T000000\.000Z-\d+-0\.pb\.gz$/, /^heap-/]);
  t.equal(names.length, 2, 'and nothing is left of what could not be');
  t.equal(await readFile(join(t.testdirName, names[1]!), 'utf8'), 'as it was');
  t.match(written, [[/block-/]]);
});

t.test('without room for it, nothing is left', async (t) => {
  // No file may have more than 512 bytes, or 1024 where the shell counts in these.
  const { stdout } = await run('sh', ['-c', 'ulimit -f 1; exec env -u NODE_OPTIONS "$@"', 'sh', process.execPath, program, 'full', t.testdir()], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const { written, errors, files } = JSON.parse(stdout) as Events & { files: string[] };
  t.same({ written, codes: errors.map(([code]) => code), files }, { written: [], codes: ['EFBIG'], files: [] });
});

t.test('on a full disk, nothing is left', async (t) => {
  const { code, stdout } = await runOnFullDisk(t.testdir(), [program, 'full', t.testdirName]);
  const { written, errors, files } = JSON.parse(stdout) as Events & { files: string[] };
  t.same({ code, written, codes: errors.map(([code]) => code), files }, { code: 0, written: [], codes: ['ENOSPC'], files: [] });
});

t.test('nobody is told: a warning', async (t) => {
  t.same((await send(t, 'warning')).errors, ['ENOENT']);
});

t.test('what the function of the program throws is its own affair', async (t) => {
  t.same(await send(t, 'throws'), { written: [], errors: ['thrown on purpose'], files: 1 });
});

t.test('it does not keep the process alive', async (t) => {
  const { code, signal, stderr } = await runNode(program, { args: ['nothing to do', t.testdir()] });
  t.same({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
});

t.test('afterwards the signal does what it did before', async (t) => {
  const stopped = await runNode(program, { args: ['after stop()', t.testdir()] });
  t.equal(stopped.signal, 'SIGUSR2');
  const ended = await runNode(program, { args: ['after its end', t.testdir()] });
  t.equal(ended.signal, 'SIGHUP');
});

t.test('not in a worker', async (t) => {
  t.match(await send<{ code: string; message: string }>(t, 'worker'), { code: 'ERR_MPROF_UNSUPPORTED', message: /^signals reach the main thread alone/ });
});

t.test('MPROF_DUMP_DIR', async (t) => {
  const folder = t.testdir();
  const { signal, stderr } = await runNode(program, {
    flags: ['--max-old-space-size=48', '--require', 'mprof/register'],
    args: ['register', folder],
    env: { MPROF_DUMP_DIR: folder },
  });
  t.equal(signal, 'SIGABRT', 'the program has run out of memory');
  t.match(stderr, 'mprof: near the heap limit, wrote ');
  const names = (await readdir(folder)).map((name) => name.replace(/-\d{8}T.*/, '')).sort();
  t.same(names, ['block', 'goroutine', 'heap', 'heap-near-limit', 'mutex', 'threadcreate']);
  const missing = await runNode(fixture('plain.cjs'), { flags: ['--require', 'mprof/register'], env: { MPROF_DUMP_DIR: '/no/such' } });
  t.equal(missing.code, 0);
  t.match(missing.stderr, /path must be a folder that can be written to, got "\/no\/such"/);
});

t.test('options', (t) => {
  const listeners = process.listenerCount('SIGUSR2');
  for (const [options, code, message] of [
    [{ path: '/no/such' }, 'ERR_MPROF_OUT_OF_RANGE', 'path must be a folder that can be written to, got "/no/such"'],
    [{ signal: 'SIGUSR1' }, 'ERR_MPROF_OUT_OF_RANGE', /^signal must be one of SIGUSR2, SIGHUP, .*, got "SIGUSR1"$/],
    [{ signal: 'SIGKILL' }, 'ERR_MPROF_OUT_OF_RANGE', /^signal must be one of/],
    [{ signal: 12 }, 'ERR_MPROF_INVALID_ARG_TYPE', /^signal must be one of .*, got 12$/],
    [{ profiles: 'heap' }, 'ERR_MPROF_INVALID_ARG_TYPE', 'profiles must be an array, got "heap"'],
    [{ profiles: ['heap', 'cpu'] }, 'ERR_MPROF_OUT_OF_RANGE', 'profiles must be names of profiles, got "cpu"'],
    [{ onWrite: true }, 'ERR_MPROF_INVALID_ARG_TYPE', 'onWrite must be a function, got true'],
    [{ onError: 'log' }, 'ERR_MPROF_INVALID_ARG_TYPE', 'onError must be a function, got "log"'],
    [null, 'ERR_MPROF_INVALID_ARG_TYPE', 'options must be an object, got null'],
  ] as const) {
    t.throws(() => writeProfilesOnSignal(options as never), { code, message });
  }
  t.equal(process.listenerCount('SIGUSR2'), listeners, 'nothing has changed');
  t.end();
});
