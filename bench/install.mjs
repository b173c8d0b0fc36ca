import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the benchmark needs and the package does not: each directory has a package.json that pins the versions. */
const DIRECTORIES = ['profilers', 'services'];

/** Installs what is not there yet, beside who uses it. */
export function installPackages() {
  for (const directory of DIRECTORIES) {
    const missing = Object.entries(dependenciesOf(directory)).some(([name, version]) => installedVersion(directory, name) !== version);
    const path = fileURLToPath(new URL(directory, import.meta.url));
    if (missing) execFileSync('npm', ['ci', '--prefix', path], { stdio: 'inherit', shell: process.platform === 'win32' });
  }
}

/** Versions of mprof and of what a part of the benchmark uses from these directories. */
export function packageVersions(directories) {
  const entries = directories.flatMap((directory) =>
    Object.keys(dependenciesOf(directory)).map((name) => [name, installedVersion(directory, name)]),
  );
  return { mprof: readJson('../package.json').version, ...Object.fromEntries(entries) };
}

const dependenciesOf = (directory) => readJson(`${directory}/package.json`).dependencies;

function installedVersion(directory, name) {
  try {
    return readJson(`${directory}/node_modules/${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
