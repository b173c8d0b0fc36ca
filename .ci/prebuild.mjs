import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MAJORS, withNode } from './with-node.mjs';

/*
 * npm run prebuild [-- MAJOR...]: builds the addon for these versions of Node.js, by default all that are supported, and
 * puts the binaries into prebuilds/, under the names that src/binary.ts looks for.
 */

const majors = process.argv.slice(2);
prebuild(majors.length > 0 ? majors : MAJORS);

function prebuild(majors) {
  for (const script of ['build:proto', 'build:ts']) npm('run', '--silent', script);
  mkdirSync('prebuilds', { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'mprof-prebuild-'));
  try {
    for (const major of majors) console.log(buildFor(withNode(major), join(folder, major)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds in a folder of its own, as node-gyp leaves its files beside binding.gyp. Returns the path of the binary. */
function buildFor(root, folder) {
  const node = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  mkdirSync(folder);
  for (const name of ['native', 'binding.gyp', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  execFileSync(node, [resolve('node_modules/node-gyp/bin/node-gyp.js'), 'rebuild', '--loglevel=error', '--jobs=max'], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, npm_config_nodedir: root },
  });
  const built = join(folder, 'build', 'Release', 'mprof.node');
  if (process.platform !== 'win32') execFileSync('strip', ['-x', built]);
  const abi = execFileSync(node, ['-p', 'require(process.argv[1]).abi', built], { encoding: 'utf8' }).trim();
  const path = execFileSync(node, ['-p', 'require("./dist/binary").prebuiltPath()'], { encoding: 'utf8' }).trim();
  if (!path.endsWith(`-abi${abi}.node`)) throw new Error(`${path} has ABI ${abi}`);
  // Processes that have the old one open keep it.
  cpSync(built, `${path}.new`);
  renameSync(`${path}.new`, path);
  return path;
}

function npm(...args) {
  execFileSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
}
