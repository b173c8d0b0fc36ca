import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MAJORS, withNode } from './with-node.mjs';

/*
 * npm run prebuild [-- MAJOR...]: builds the addon for these versions of Node.js, by default all that are supported, and
 * puts the binaries into prebuilds/, under the names that src/binary.ts looks for.
 */

const run = promisify(execFile);

const majors = process.argv.slice(2);
await prebuild(majors.length > 0 ? majors : MAJORS);

async function prebuild(majors) {
  for (const script of ['build:proto', 'build:ts']) npm('run', '--silent', script);
  mkdirSync('prebuilds', { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'mprof-prebuild-'));
  try {
    const roots = majors.map((major) => withNode(major));
    // At once, as each is a single file to compile; none is left alone when another one fails.
    const builds = await Promise.allSettled(roots.map(async (root, i) => console.log(await buildFor(root, join(folder, majors[i])))));
    const failed = builds.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds in a folder of its own, as node-gyp leaves its files beside binding.gyp. Returns the path of the binary. */
async function buildFor(root, folder) {
  const node = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  mkdirSync(folder);
  for (const name of ['native', 'binding.gyp', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  const { stderr } = await run(node, [resolve('node_modules/node-gyp/bin/node-gyp.js'), 'rebuild', '--loglevel=error'], {
    cwd: folder,
    env: { ...process.env, npm_config_nodedir: root },
    maxBuffer: 2 ** 24,
  });
  if (stderr !== '') console.error(stderr);
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
