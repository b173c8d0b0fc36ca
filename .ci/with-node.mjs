import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The versions of Node.js that are supported. */
export const MAJORS = ['20', '22', '24', '26'];

/*
 * with-node.mjs others: prints all of them but the one that runs this.
 * with-node.mjs MAJOR: installs that version of Node.js from npm, program and headers, outside of the repository, and
 * prints the folder that has bin and include.
 */
export function withNode(major) {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mprof', `node-${major}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--silent', `${name}@${major}`];
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  return join(folder, 'node_modules', name);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , what] = process.argv;
  const present = process.versions.node.split('.')[0];
  console.log(what === 'others' ? MAJORS.filter((major) => major !== present).join(' ') : withNode(what));
}
