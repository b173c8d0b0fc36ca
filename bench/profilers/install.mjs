import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('.', import.meta.url));

/** Installs the rivals beside this file, in the versions package.json pins, unless they are there. */
export function installRivals() {
  const { dependencies } = readJson('package.json');
  const missing = Object.entries(dependencies).some(([name, version]) => installedVersion(name) !== version);
  if (missing) execFileSync('npm', ['ci', '--prefix', directory], { stdio: 'inherit', shell: process.platform === 'win32' });
}

/** Versions of what is compared. */
export function packageVersions() {
  const rivals = Object.keys(readJson('package.json').dependencies);
  return {
    mprof: readJson('../../package.json').version,
    ...Object.fromEntries(rivals.map((name) => [name, installedVersion(name)])),
  };
}

function installedVersion(name) {
  try {
    return readJson(`node_modules/${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
