import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { checkBoolean, checkDestination, checkInteger, checkNumber, checkObject } from '../checks';
import { subtract } from '../pprof/delta';
import { writeProfile } from '../pprof/write-profile';
import type { ProfileColumns } from '../pprof/columns';
import type { DeltaOptions, Profile, ProfileOptions, ProfileSource } from './profile';

const compress = promisify(gzip);
/** A day: far beyond any use, and within what a timer can wait. */
const MAX_SECONDS = 86_400;

/** Turns a source of data into a profile that can be written. */
export function encodable(source: ProfileSource): Profile {
  const { name, description } = source;

  async function toBuffer(options: ProfileOptions = {}): Promise<Uint8Array> {
    const { debug, gc } = checkOptions(options);
    const text = source.text({ gc, debug });
    return text === undefined ? encode(source.columns({ gc })) : Buffer.from(text);
  }

  async function writeTo(destination: Writable | string, options: ProfileOptions = {}): Promise<void> {
    checkDestination('destination', destination);
    const bytes = await toBuffer(options);
    await (typeof destination === 'string' ? writeFileWhole(destination, bytes) : writeChunk(destination, bytes));
  }

  async function delta({ seconds, signal, ref = true }: DeltaOptions): Promise<Uint8Array> {
    checkNumber('seconds', seconds, (value) => value > 0 && value <= MAX_SECONDS, `a number above 0 and at most ${MAX_SECONDS}`);
    const before = source.columns({ gc: false });
    await sleep(seconds * 1000, undefined, { ref, ...(signal && { signal }) });
    return encode(subtract(before, source.columns({ gc: false, since: before })));
  }

  return { name, description, count: () => source.count(), state: () => source.state?.() ?? '', toBuffer, writeTo, delta };
}

function checkOptions(options: ProfileOptions): Required<ProfileOptions> {
  checkObject('options', options);
  const { debug = 0, gc = false } = options;
  checkInteger('debug', debug, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkBoolean('gc', gc);
  return { debug, gc };
}

/** Compresses on libuv's thread pool, at the level Go uses: the loop is held up by the encoding only. */
export async function encode(columns: ProfileColumns): Promise<Uint8Array> {
  return compress(writeProfile(columns), { level: constants.Z_BEST_SPEED });
}

async function writeChunk(stream: Writable, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Whoever reads the file meanwhile sees the old one or the new one, never a part. */
async function writeFileWhole(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(partial, bytes, { flag: 'wx' });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
