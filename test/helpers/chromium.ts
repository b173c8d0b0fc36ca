import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';

const run = promisify(execFile);

/**
 * The options of a test that needs Chromium: `t.test(name, needsChromium(), ...)`. Without it the test is skipped, but in
 * CI nothing is: there it fails.
 */
export function needsChromium(): { skip?: string } {
  if (process.env.CI) return {};
  return spawnSync('chromium', ['--version']).status === 0 ? {} : { skip: 'needs Chromium (in Debian chromium)' };
}

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--enable-logging=stderr'];

export interface Page {
  /** The document as it is once loaded. */
  html: string;
  /** What the browser wrote to its console, violations of policies included. */
  console: string[];
}

/** Loads a page and says what has become of it. */
export async function loadPage(url: string): Promise<Page> {
  return inProfile(async (flags) => {
    const { stdout, stderr } = await run('chromium', [...flags, '--dump-dom', url], { maxBuffer: 2 ** 26 });
    return { html: stdout, console: stderr.split('\n').filter((line) => line.includes('CONSOLE')) };
  });
}

/** Paints a page, and tells the colour of its first pixel: red, green and blue. */
export async function backgroundOf(url: string, scheme: 'light' | 'dark'): Promise<number[]> {
  return inProfile(async (flags, directory) => {
    const file = join(directory, 'page.png');
    const dark = scheme === 'dark' ? ['--blink-settings=preferredColorScheme=0'] : [];
    await run('chromium', [...flags, ...dark, '--window-size=800,600', `--screenshot=${file}`, url]);
    return firstPixel(await readFile(file));
  });
}

async function inProfile<T>(use: (flags: string[], directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'mprof-chromium-'));
  try {
    return await use([...FLAGS, `--user-data-dir=${directory}`], directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The first pixel follows the byte that names the filter of the first row, and no filter changes it. */
function firstPixel(png: Buffer): number[] {
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return [...inflateSync(Buffer.concat(data)).subarray(1, 4)];
}
