import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { binaryPaths } from '../dist/binary';
import { fixture, knownFlags, run, runNode, type ChildOptions } from './helpers/child';
import { EVERYTHING, runWithout } from './helpers/with-and-without';

/* Where the native part is missing, does not fit or is not allowed, there is one clear error, and the program runs on. */

const exec = promisify(execFile);
const PROGRAM = fixture('endings.cjs');
const WORK = ['of itself, after work'];
/** Where it is looked for first, in a copy of the package. */
const BINARY = 'build/Release/mprof.node';

const REBUILD = 'build it for this Node.js with "npm rebuild mprof"';
const FORBIDDEN = /^the native part of mprof cannot be loaded \(.*addons is disabled.*\); allow it with --allow-addons/;

/** A program that prints the error that there is, and what it can do all the same. */
const REQUIRE = `
  try {
    require('mprof');
  } catch ({ name, code, message }) {
    const { decode } = require('mprof/pprof');
    console.log(JSON.stringify({ name, code, message, decode: typeof decode }));
  }
`;

/** Both ways to load a package, in a directory in which it is a package or below which it is one. */
async function checkRefused(t: Test, what: string, cwd: string, message: RegExp, flags: readonly string[] = []): Promise<void> {
  const error = { name: 'Error', code: 'ERR_MPROF_BINARY', message, decode: 'function' };
  const required = await runNode('--eval', { cwd, flags, args: [REQUIRE] });
  t.match(required, { code: 0, signal: null }, `${what}: ${required.stderr}`);
  t.match(JSON.parse(required.stdout), error, what);
  const register = (options: ChildOptions): ChildOptions => ({ ...options, flags: ['--require', 'mprof/register', ...flags] });
  const { without, profiled } = await runWithout(PROGRAM, { cwd, flags, args: WORK }, [register]);
  const [{ exit }] = profiled as [(typeof profiled)[0]];
  t.match(without, { code: 0, stdout: '81781\n' });
  t.same({ ...exit, stderr: '' }, { ...without, stderr: '' }, `${what}: the program is not concerned`);
  const prefix = '(node) [ERR_MPROF_BINARY] Error: ';
  const warnings = exit.stderr.split('\n').filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  t.match(warnings, [message], `${what}: one warning`);
}

t.test('a native part that cannot be loaded', async (t) => {
  const directory = t.testdir({ package: { build: { Release: {} } } });
  const copy = join(directory, 'package');
  const binary = join(copy, BINARY);
  await cp('dist', join(copy, 'dist'), { recursive: true });
  await copyFile('package.json', join(copy, 'package.json'));
  await symlink(resolve('node_modules'), join(copy, 'node_modules'));

  const cannotBeLoaded = new RegExp(`^the native part of mprof cannot be loaded \\(.*\\); ${REBUILD}$`);
  await checkRefused(t, 'missing', copy, cannotBeLoaded);
  await writeFile(binary, '');
  await checkRefused(t, 'empty', copy, cannotBeLoaded);
  await writeFile(binary, 'no library\n'.repeat(1000));
  await checkRefused(t, 'something else', copy, cannotBeLoaded);
  await copyFile(binaryPaths().find((path) => existsSync(path))!, binary);
  await truncate(binary, 40);
  await checkRefused(t, 'cut off in its header', copy, cannotBeLoaded);

  // As Node-API itself has no such check, it can be loaded.
  const { modules } = process.versions;
  const abi = Number(modules) + 1;
  const source = join(directory, 'other.c');
  await writeFile(source, otherAddon(abi));
  await exec(process.env.CC ?? 'cc', ['-shared', '-fPIC', source, '-o', binary]);
  const isOther = new RegExp(`^the native part of mprof was built for a Node\\.js with ABI ${abi}, and ${process.version} has ABI ${modules}; ${REBUILD}$`);
  await checkRefused(t, 'for another Node.js', copy, isOther);

  await rm(binary);
  await copyFile(binaryPaths().find((path) => existsSync(path))!, binary);
  const { stdout } = await runNode('--print', { cwd: copy, args: ["require('mprof').stats().heap"] });
  t.equal(stdout, 'off\n', 'the right one');
});

/** C of an addon that knows nothing but its ABI; Node-API is declared here, so that it takes no headers. */
function otherAddon(abi: number): string {
  return `
    typedef void* value;
    int napi_create_int32(void* env, int number, value* result);
    int napi_set_named_property(void* env, value object, const char* name, value property);
    int node_api_module_get_api_version_v1(void) { return 8; }
    value napi_register_module_v1(void* env, value exports) {
      value abi;
      napi_create_int32(env, ${abi}, &abi);
      napi_set_named_property(env, exports, "abi", abi);
      return exports;
    }
  `;
}

t.test('addons that are not allowed', async (t) => {
  await checkRefused(t, '--no-addons', '.', FORBIDDEN, ['--no-addons']);
  const [permission] = await knownFlags(['--permission', '--experimental-permission']);
  const allowed = await knownFlags(['--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker', '--allow-net', '--allow-child-process']);
  t.ok(permission !== undefined && allowed.length >= 4, `${permission} ${allowed}`);
  await checkRefused(t, permission!, '.', FORBIDDEN, [permission!, ...allowed]);

  const options = { flags: [permission!, ...allowed, '--allow-addons'], args: WORK, env: { MPROF_TEST_READ: '1' } };
  const { without, profiled } = await runWithout(PROGRAM, options, [(options) => ({ ...options, flags: [...options.flags!, '--require', EVERYTHING] })]);
  t.match(without, { code: 0, stdout: '81781\n' }, '--allow-addons: without');
  const read = { samples: { heap: Number, block: Number, threadcreate: Number, profile: Number }, site: [100, 50] };
  t.match(profiled, [{ exit: without, report: { errors: [], heap: 'running', site: [100, 50], waits: 5, read } }], '--allow-addons');
});

t.test('startup snapshots', async (t) => {
  const load = `require('node:module').createRequire(${JSON.stringify(resolve('package.json'))})('mprof')`;
  const directory = t.testdir({
    'inside.cjs': `try { ${load}; } catch ({ code, message }) { console.log(code, message); process.exit(3); }`,
    'outside.cjs': `require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {
      const mprof = ${load};
      mprof.start({ memProfileRate: 1 });
      console.log(mprof.memProfile().length > 0);
    });`,
  });
  const inside = await runNode(join(directory, 'inside.cjs'), { cwd: directory, flags: ['--build-snapshot'] });
  t.match(inside, { code: 3, signal: null, stdout: /^ERR_MPROF_UNSUPPORTED mprof cannot be part of a startup snapshot/ }, 'it refuses to be part of one');
  const outside = await runNode(join(directory, 'outside.cjs'), { cwd: directory, flags: ['--build-snapshot'] });
  t.match(outside, { code: 0, signal: null });
  const blob = ['--snapshot-blob', join(directory, 'snapshot.blob')];
  const exit = await runNode('any.cjs', { cwd: directory, flags: blob });
  t.match(exit, { code: 0, signal: null, stdout: 'true\n', stderr: '' }, 'a program that comes from one can load it');
});

t.test('single executables', async (t) => {
  const directory = t.testdir({
    'main.cjs': `
      const mprof = require('node:module').createRequire(${JSON.stringify(resolve('package.json'))})('mprof');
      mprof.start({ memProfileRate: 1 });
      mprof.lookup('heap').toBuffer().then((bytes) => console.log(require('node:sea').isSea(), bytes.length > 100));
    `,
    'sea.json': '{ "main": "main.cjs", "output": "program.blob", "disableExperimentalSEAWarning": true }',
  });
  await exec(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: directory, env: withoutLoaders() });
  const program = join(directory, 'program');
  await copyFile(process.execPath, program);
  await exec('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: 'test/executables', env: withoutLoaders() });
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  await exec('test/executables/node_modules/.bin/postject', [program, 'NODE_SEA_BLOB', join(directory, 'program.blob'), '--sentinel-fuse', fuse], { env: withoutLoaders() });
  t.match(await run(program, []), { code: 0, signal: null, stdout: 'true true\n', stderr: '' }, 'they can load it from where it is installed');
});

/** tap's are not for other programs. */
function withoutLoaders(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return env;
}
