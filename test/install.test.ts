import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { binaryPaths, prebuiltName } from '../dist/binary';
import { FULL, runNode, type Exit } from './helpers/child';

/* The package as others install it: with a binary that fits, without a compiler, and with neither. */

t.setTimeout(600_000);

const USE = `
const { start, memProfile, stop } = require('mprof');
start({ memProfileRate: 1 });
const kept = Array.from({ length: 100 }, function make() { return { list: [1] }; });
const found = memProfile({ gc: true }).some(({ stack }) => stack[0]?.functionName === 'make');
stop();
process.stdout.write(JSON.stringify({ kept: kept.length, found }));
`;
const WORKS = { code: 0, signal: null, stdout: '{"kept":100,"found":true}', stderr: '' };

interface Project {
  path: string;
  /** Where the package is. */
  installed: string;
  npm(...args: string[]): Promise<Exit>;
  /** Runs a program that uses it. */
  use(): Promise<Exit>;
}

/** What is needed to run programs and npm, and nothing else. */
function pathWithoutCompiler(t: Test): string {
  const bin = join(t.testdir({}), 'bin');
  mkdirSync(bin);
  const where = (command: string): string => realpathSync(execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim());
  symlinkSync(process.execPath, join(bin, 'node'));
  for (const command of ['env', 'npm', 'sh']) symlinkSync(where(command), join(bin, command));
  return bin;
}

/** Packs the package with one binary, and makes an empty project. */
async function newProject(t: Test): Promise<Project> {
  const PATH = pathWithoutCompiler(t);
  const folder = join(PATH, '..');
  const npm = (cwd: string, ...args: string[]): Promise<Exit> =>
    runNode(realpathSync(join(PATH, 'npm')), { args, cwd, env: { PATH, npm_config_audit: 'false', npm_config_fund: 'false', npm_config_loglevel: 'notice' } });

  const source = join(folder, 'source');
  for (const name of ['package.json', 'dist', 'native', 'binding.gyp', 'proto']) cpSync(name, join(source, name), { recursive: true });
  mkdirSync(join(source, 'prebuilds'));
  cpSync(binaryPaths().find((path) => existsSync(path))!, join(source, 'prebuilds', prebuiltName()));
  const packed = await npm(source, 'pack', '--pack-destination', folder);
  t.equal(packed.code, 0, 'packs', { stderr: packed.stderr });

  const path = join(folder, 'project');
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), '{ "private": true }');
  writeFileSync(join(path, 'use.cjs'), USE);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!;
  const installed = await npm(path, 'install', '--ignore-scripts', '--prefer-offline', join(folder, tarball));
  t.equal(installed.code, 0, 'installs', { stderr: installed.stderr });
  return {
    path,
    installed: join(path, 'node_modules/mprof'),
    npm: (...args) => npm(path, ...args),
    use: () => runNode(join(path, 'use.cjs'), { env: { PATH }, cwd: path }),
  };
}

t.test('the package installs into an empty project', async (t) => {
  const { installed, npm, use } = await newProject(t);
  const build = join(installed, 'build');
  t.match(await use(), WORKS, 'without its install script');
  t.match(await npm('rebuild', 'mprof'), { code: 0 }, 'which finds that there is nothing to do');
  t.notOk(existsSync(build), 'and does nothing');
  t.match(await use(), WORKS);

  mkdirSync(join(build, 'Release'), { recursive: true });
  writeFileSync(join(build, 'Release/mprof.node'), 'what another system has left');
  t.match(await use(), WORKS, 'a binary that does not fit is passed over');
  await rm(build, { recursive: true });

  await rm(join(installed, 'prebuilds'), { recursive: true });
  const { code, stderr } = await use();
  t.equal(code, 1);
  const [, message] = /^Error: (.*)$/m.exec(stderr) ?? [];
  t.equal(
    message,
    `the native part of mprof cannot be loaded (there is neither ${join(build, 'Release/mprof.node')} nor ` +
      `${join(installed, 'prebuilds', prebuiltName())}); build it for this Node.js with "npm rebuild mprof"`,
    'one message when there is none',
  );
  const rebuilt = await npm('rebuild', 'mprof');
  t.not(rebuilt.code, 0, 'one that cannot be built fails the installation');
  t.match(rebuilt.stderr, /mprof: no binary has come with the package for Node\.js v.*, and building one has failed: that takes Python 3, make/);

  if (!FULL) return;
  execFileSync('npm', ['rebuild', 'mprof'], { cwd: join(installed, '../..'), stdio: 'ignore' });
  t.match(await use(), WORKS, 'with a compiler it is built');
});

t.test('names of binaries', async (t) => {
  const { platform, arch, versions } = process;
  const system = platform === 'linux' ? `linux-${isMusl() ? 'musl' : 'glibc'}` : platform;
  t.equal(prebuiltName(), `mprof-${system}-${arch}-abi${versions.modules}.node`);
});

/** As Node.js tells, which takes a while. */
function isMusl(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}
