import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

const DIRECTORY = new URL('results/', import.meta.url);

/** Keeps what was measured: the newest result of each part and each major version of Node. */
export async function saveResult(result) {
  await mkdir(DIRECTORY, { recursive: true });
  const [major] = result.environment.node.slice(1).split('.');
  // Six digits are more than any of it is worth.
  const json = JSON.stringify(result, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value));
  await writeFile(new URL(`${result.part}-node${major}.json`, DIRECTORY), `${json}\n`);
}

/** All results kept, by Node version. */
export async function readResults() {
  const files = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(new URL(file, DIRECTORY), 'utf8'))));
}
