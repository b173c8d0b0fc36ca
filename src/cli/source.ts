import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { decode, type Profile } from '../pprof';
import { CommandError, UsageError } from './outcome';

/** Where a profile comes from: a file, `-` for standard input, or a URL. */
export interface SourceOptions {
  /** Of requests, such as `Authorization: Bearer ...`. */
  headers: readonly string[];
  /** Length of the window to ask a URL for, in seconds. */
  seconds: number | undefined;
  /** Told, while an answer is waited for, how many seconds have passed. */
  onWait: (seconds: number, ofSeconds: number | undefined) => void;
  /** Told when it is there, or will not be. */
  onAnswer: () => void;
}

/** What a service is asked for whose URL has no path. */
const DEFAULT_PATH = '/debug/pprof/heap';

/** @throws CommandError naming the source */
export async function readProfile(source: string, options: SourceOptions): Promise<Profile> {
  const isUrl = /^https?:\/\//.test(source);
  if (!isUrl && options.seconds !== undefined) throw new UsageError(`--seconds is for URLs, and ${source} is a file`);
  const bytes = isUrl ? await fetchProfile(withDefaultPath(new URL(source)), options) : await readBytes(source);
  try {
    return decode(bytes);
  } catch (error) {
    throw new CommandError(`${source}: ${(error as Error).message}`);
  }
}

async function readBytes(source: string): Promise<Uint8Array> {
  try {
    return source === '-' ? await buffer(process.stdin) : await readFile(source);
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}

function withDefaultPath(url: URL): URL {
  if (url.pathname === '/') url.pathname = DEFAULT_PATH;
  return url;
}

/** @throws CommandError */
export async function fetchProfile(url: URL, { headers, seconds, onWait, onAnswer }: SourceOptions): Promise<Uint8Array> {
  if (seconds !== undefined) url.searchParams.set('seconds', String(seconds));
  const window = Number(url.searchParams.get('seconds')) || undefined;
  const began = Date.now();
  const waiting = setInterval(() => onWait(Math.round((Date.now() - began) / 1000), window), 1000);
  try {
    const response = await fetch(url, { headers: headers.map(parseHeader) });
    if (!response.ok) throw new CommandError(`${url} answered ${response.status}: ${(await response.text()).trim().slice(0, 500)}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { message, cause } = error as Error;
    throw new CommandError(`${url}: ${cause instanceof Error && cause.message !== '' ? cause.message : message}`);
  } finally {
    clearInterval(waiting);
    onAnswer();
  }
}

function parseHeader(header: string): [name: string, value: string] {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(header) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`--header must be "Name: value", got "${header}"`);
  return [name, value];
}
