import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the benchmark needs and the package does not: each directory has a package.json that pins the versions. */
const DIRECTORIES = ['profilers', 'services'];
/** The one of the profilers that is compiled when it is installed. */
const COMPILED = 'pprof';

/** Installs what is not there yet, beside who uses it. */
export function installPackages() {
  for (const directory of DIRECTORIES) {
    const missing = Object.entries(dependenciesOf(directory)).some(([name, version]) => installedVersion(directory, name) !== version);
    const path = fileURLToPath(new URL(directory, import.meta.url));
    if (missing) npm('ci', '--prefix', path);
  }
  // Compiled for one version of Node.js, which another one refuses to load.
  if (!loads(COMPILED)) npm('rebuild', '--prefix', fileURLToPath(new URL('profilers', import.meta.url)), COMPILED);
}

function npm(...args) {
  execFileSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
}

/** In a process of its own, as what has been refused once stays so. */
function loads(name) {
  const cwd = fileURLToPath(new URL('profilers', import.meta.url));
  return spawnSync(process.execPath, ['-e', `require(${JSON.stringify(name)})`], { cwd, stdio: 'ignore' }).status === 0;
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
