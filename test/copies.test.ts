import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { binaryPaths } from '../dist/binary';
import { fixture, runJson, runNode } from './helpers/child';

/* Several copies of the package in one process: installed twice, loaded again, or loaded by a test runner for each file. */

/** Installs a copy of what is published, and of its binary. */
async function install(folder: string, change: (manifest: Record<string, unknown>) => void = () => {}): Promise<string> {
  const path = join(folder, 'node_modules', 'mprof');
  await mkdir(path, { recursive: true });
  const binary = relative('', binaryPaths().find((path) => existsSync(path))!);
  for (const part of ['dist', binary]) await cp(part, join(path, part), { recursive: true });
  const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, unknown>;
  change(manifest);
  await writeFile(join(path, 'package.json'), JSON.stringify(manifest));
  return path;
}

async function twoCopies(t: Test, change?: (manifest: Record<string, unknown>) => void): Promise<[string, string]> {
  const directory = t.testdir();
  return [await install(join(directory, 'first')), await install(join(directory, 'second'), change)];
}

t.test('two folders', async (t) => {
  const args = [...(await twoCopies(t)), 'together'];
  t.same(await runJson(fixture('copies.cjs'), { args, flags: ['--expose-gc'] }), {
    differ: true,
    started: Array(2).fill(['running', 4096, 'ERR_MPROF_ALREADY_STARTED']),
    objects: [[50, 50], [50, 50]],
    fraction: 1,
    block: [10, 10],
    own: [0, 0],
    mutex: [10, 10],
    labels: { of: 'a', with: 'b' },
    cpu: [true, true],
    blockOff: [10, 10],
    restored: true,
    rate: 8192,
    failures: [0, 0],
    stopped: ['off', 'off'],
    again: 'none',
  });
});

t.test('the module cache cleared', async (t) => {
  const path = resolve('.');
  t.same(await runJson(fixture('copies.cjs'), { args: [path, path, 'loaded again'] }), [
    ['running', 10, 10, 10],
    ['running', 20, 10, 20],
    ['running', 30, 10, 30],
  ]);
});

t.test('one in the main thread, the other in a worker', async (t) => {
  t.same(await runJson(fixture('copies.cjs'), { args: [...(await twoCopies(t)), 'in a worker'] }), [[20, 20], [20, 0]], 'one profile for both');
});

t.test('two versions', async (t) => {
  const args = [...(await twoCopies(t, (manifest) => (manifest.version = '99.0.0'))), 'two versions'];
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const { errors, ...seen } = await runJson<{ errors: string[] }>(fixture('copies.cjs'), { args });
  t.equal(errors.length, 6);
  for (let i = 0; i < errors.length; i += 2) {
    t.equal(errors[i], 'ERR_MPROF_OTHER_VERSION');
    t.equal(errors[i + 1]!.startsWith(`version ${version} of mprof profiles this thread already, and this is version 99.0.0: `), true, errors[i + 1]);
  }
  t.same(seen, { heap: ['running', 'off'], objects: [50, 50], fraction: 0, off: 'none' }, 'the first one is not concerned');
});

/** A project of two test files, which say in the file `log` which one has found everything off. */
async function project(t: Test): Promise<string> {
  const directory = t.testdir({ 'package.json': '{}' });
  for (const name of ['one', 'other']) await cp('test/jest/either.cjs', join(directory, `${name}.test.cjs`));
  await mkdir(join(directory, 'node_modules'));
  await symlink(resolve('.'), join(directory, 'node_modules', 'mprof'));
  return directory;
}

t.test('Jest', async (t) => {
  const { NODE_OPTIONS: _, ...env } = process.env;
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: 'test/jest', env });
  const directory = await project(t);
  const args = ['--runInBand', '--rootDir', directory, '--no-cache', '--testMatch', '**/*.test.cjs', '--transform', '{}'];
  const { code, stderr } = await runNode(resolve('test/jest/node_modules/jest/bin/jest.js'), { args, cwd: directory });
  t.equal(code, 0, stderr);
  t.equal(await readFile(join(directory, 'log'), 'utf8'), '12', 'the second file finds what the first one has left');
  t.notMatch(stderr, /did not exit|torn down|Warning/);
});

t.test('node --test', async (t) => {
  const directory = await project(t);
  const { stdout: options } = await runNode('--help');
  const together = options.includes('--test-isolation');
  const { code, stdout } = await runNode('--test', { flags: together ? ['--test-isolation=none'] : [], args: ['one.test.cjs', 'other.test.cjs'], cwd: directory });
  t.equal(code, 0, stdout);
  t.equal(await readFile(join(directory, 'log'), 'utf8'), together ? '12' : '11', 'one process for both files, or one for each');
});
