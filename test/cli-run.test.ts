import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { decode, gunzip } from 'mprof/pprof';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, run, runNode, type ChildOptions, type Exit } from './helpers/child';
import { freePort } from './helpers/free-port';

/* `mprof run` and `mprof dump`, which have programs write their profiles. */

const PROGRAM = 'dist/cli/main.js';
const mprof = (args: readonly string[], options: ChildOptions = {}): Promise<Exit> => runNode(PROGRAM, { ...options, args });

/** Runs a program that ends in that way; `send` is what mprof itself gets once the program runs. */
async function runEnding(t: Test, ending: readonly string[], args: readonly string[] = [], send?: NodeJS.Signals): Promise<Exit & { files: string[] }> {
  const dir = join(t.testdir(), 'profiles');
  const exit = await mprof(['run', '--dir', dir, ...args, '--', process.execPath, fixture('ending.cjs'), ...ending], {
    // Twice, as by somebody who signals a process and its group.
    onOutput: (_, child) => {
      for (let i = 0; send && i < 2; i++) child.kill(send);
    },
  });
  t.equal(exit.stdout, 'made\n', 'what the program prints is not touched');
  return { ...exit, files: (await readdir(dir)).sort().map((name) => join(dir, name)) };
}

const kindsOf = (files: readonly string[]): (string | undefined)[] => files.map((file) => /([a-z]+)-\d{8}T\d{6}\.\d{3}Z-\d+-0\.pb\.gz$/.exec(file)?.[1]);
const TABLE = /\n +flat +± [^]*MB +[\d.]+% .*makeArrays /;

t.test('run: however the program ends', async (t) => {
  for (const [ending, code, message, send] of [
    ['end', 0, /^/],
    ['exit', 3, /^/],
    ['throw', 1, /Error: as it is to be/],
    ['wait', 143, /^mprof: the program was ended by SIGTERM$/m, 'SIGTERM'],
    ['wait', 130, /^mprof: the program was ended by SIGINT$/m, 'SIGINT'],
    ['listen', 5, /^/, 'SIGTERM'],
    ['pass', 143, /^mprof: the program was ended by SIGTERM$/m, 'SIGTERM'],
  ] as const) {
    await t.test([ending, send].join(' '), async (t) => {
      const { files, stderr, ...exit } = await runEnding(t, [ending], [], send);
      t.equal(exit.code, code, 'the exit code is the program\'s');
      t.match(stderr, message);
      t.same(kindsOf(files), ['heap']);
      t.match(stderr, `mprof: ${files[0]}\n`);
      t.match(stderr, TABLE);
      t.match(stderr, /^Type: alloc_space$/m);
      const bytes = await readFile(files[0]!);
      await checkProtobuf(t, 'heap', bytes, { kind: 'heap' });
      const { sample, defaultSampleType } = decode(gunzip(bytes));
      t.ok(sample.length > 0 && defaultSampleType !== undefined);
    });
  }
});

t.test('run: settings', async (t) => {
  const args = ['--block', '1', '--mutex', '1', '--rate', '4096', '--sample_index', 'inuse_objects', '--json'];
  // Longer than the rate at which the bound on captures begins.
  const { files, stderr } = await runEnding(t, ['end', '1100'], args);
  t.same(kindsOf(files).slice(0, 2), ['block', 'heap'], 'and mutex, where a hand-off happens to be recorded');
  const { type, functions } = JSON.parse(stderr.slice(stderr.indexOf('{')));
  t.equal(type, 'inuse_objects');
  t.ok(functions.length > 1);
  const { stringTable, period } = decode(gunzip(await readFile(files[1]!)));
  t.equal(Number(period), 4096);
  t.ok(stringTable.includes('makeArrays'));
  t.ok(decode(gunzip(await readFile(files[0]!))).stringTable.includes('waitLong'));
});

t.test('run: several processes', async (t) => {
  const dir = t.testdir();
  const node = `"${process.execPath}" "${fixture('ending.cjs')}"`;
  const { code, stderr } = await mprof(['run', '--dir', dir, '--', 'sh', '-c', `${node} end; ${node} exit; exit 7`]);
  t.equal(code, 7);
  const files = await readdir(dir);
  t.same(kindsOf(files), ['heap', 'heap']);
  t.same(stderr.trimEnd().split('\n').sort(), files.sort().map((file) => `mprof: ${join(dir, file)}`), 'and no table, as none of them is the command');
});

t.test('run: NODE_OPTIONS of the user\'s are kept', async (t) => {
  const dir = t.testdir({ 'with space': {}, 'program.cjs': 'console.log(process.execArgv.length, typeof gc, process.title)' });
  const { stdout } = await mprof(['run', '--dir', join(dir, 'with space'), '--', process.execPath, join(dir, 'program.cjs')], { nodeOptions: '--title=shop' });
  t.equal(stdout, '0 undefined shop\n');
});

t.test('run: what leaves no profile', async (t) => {
  const { code, stderr, files } = await runEnding(t, ['kill']);
  t.same([code, files], [137, []]);
  t.match(stderr, /^mprof: the program was ended by SIGKILL\nmprof: no profile was written\n$/);
});

t.test('run: what cannot be done', async (t) => {
  const file = join(t.testdir(), 'file');
  await writeFile(file, '');
  for (const [args, code, message] of [
    [['run'], 2, /^mprof run: mprof run takes a command behind --/],
    [['run', 'node'], 2, /takes a command behind --/],
    [['run', '--', 'no-such-command'], 1, /^mprof run: spawn no-such-command ENOENT\n$/],
    [['run', '--dir', file, '--', 'true'], 1, /^mprof run: E(EXIST|NOTDIR)/],
    [['run', '--nodecount', 'x', '--', 'true'], 2, /--nodecount must be an integer/],
  ] as const) {
    t.match(await mprof(args), { code, stdout: '', stderr: message }, args.join(' '));
  }
  // The program has run by the time that is known.
  const late = await runEnding(t, ['exit'], ['--sample_index', 'none']);
  t.equal(late.code, 3);
  t.match(late.stderr, /\.pb\.gz\nmprof: --sample_index must be one of .*, got "none"\n$/);
  // A folder that is gone by the time the program ends concerns nobody but the profile.
  const dir = join(t.testdirName, 'gone');
  const { code, stderr } = await mprof(['run', '--dir', dir, '--', 'sh', '-c', `"$0" -e 'fs.rmSync("${dir}", { recursive: true })'`, process.execPath]);
  t.equal(code, 0);
  t.match(stderr, /^mprof: the heap profile could not be written: ENOENT.*\nmprof: no profile was written\n$/);
});

/** Runs `use` with a program that runs until then. */
async function whileRunning<T>(options: ChildOptions, use: (pid: number) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const program = run('sh', ['-c', 'echo $$; exec "$0" "$@"', process.execPath, '--require', 'mprof/register', fixture('plain.cjs'), 'runs'], {
      ...options,
      onOutput: (text, child) => {
        seen += text;
        if (!seen.includes('running')) return;
        use(parseInt(seen, 10)).then(resolve, reject).finally(() => child.kill('SIGKILL'));
      },
    });
    program.catch(reject);
  });
}

t.test('dump of a process', async (t) => {
  const dir = t.testdir();
  const { code, stdout, stderr } = await whileRunning({ env: { MPROF_DUMP_DIR: dir } }, (pid) => mprof(['dump', String(pid)]));
  t.same([code, stderr], [0, '']);
  const files = stdout.trimEnd().split('\n');
  t.same(files, (await readdir(dir)).sort().map((name) => join(dir, name)));
  t.same(kindsOf(files), ['block', 'goroutine', 'heap', 'mutex', 'threadcreate']);

  const refused = await whileRunning({}, async (pid) => {
    const exit = await mprof(['dump', String(pid)]);
    process.kill(pid, 0);
    return exit;
  });
  t.match(refused, { code: 1, stdout: '', stderr: /^mprof dump: process \d+ does not listen to SIGUSR2, which would end it: / });
});

t.test('dump of a URL', async (t) => {
  const dir = t.testdir();
  const port = await freePort();
  await whileRunning({ env: { MPROF_ADDR: String(port) } }, async () => {
    const url = `http://127.0.0.1:${port}`;
    const all = await mprof(['dump', url, '--dir', join(dir, 'all')]);
    t.same([all.code, all.stderr], [0, '']);
    const files = all.stdout.trimEnd().split('\n');
    t.same(files.map((file) => file.slice(join(dir, 'all').length + 1).replace(/-.*/, '')), ['heap', 'block', 'mutex', 'goroutine']);
    for (const file of files) t.ok(decode(gunzip(await readFile(file))).timeNanos > 0);
    const one = await mprof(['dump', `${url}/debug/pprof/`, '--profile', 'allocs', '--seconds', '1', '--dir', dir]);
    t.equal(one.code, 0, one.stderr);
    t.ok(Number(decode(gunzip(await readFile(one.stdout.trimEnd()))).durationNanos) > 0.9e9);
    t.match(await mprof(['dump', url, '--profile', 'none', '--dir', dir]), { code: 1, stderr: /\/debug\/pprof\/none answered 404/ });
  });
});

t.test('wrong calls of dump', async (t) => {
  for (const [args, code, message] of [
    [['dump'], 2, /takes a process or a URL, got 0/],
    [['dump', 'x'], 2, /takes the number of a process or a URL, got "x"/],
    [['dump', '1', '--seconds', '3'], 2, /--seconds is for URLs, and 1 is a process/],
    [['dump', 'http://127.0.0.1:9', '--profile', 'a/b'], 2, /--profile must be the name of a profile, got "a\/b"/],
    [['dump', '999999999'], 1, /^mprof dump: process 999999999: ENOENT/],
  ] as const) {
    t.match(await mprof(args), { code, stdout: '', stderr: message }, args.join(' '));
  }
});
