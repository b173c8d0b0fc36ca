import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkBoolean, checkDestination, checkInteger, checkNumber, checkObject } from '../checks';
import type { ProfileRows } from '../pprof/columns';
import { subtract } from '../pprof/delta';
import type { Steps } from '../pprof/steps';
import { runInSlices } from '../slices';
import { compress, concatenate } from './chunks';
import { encodeRows } from './encode-rows';
import type { DeltaOptions, Profile, ProfileOptions, ProfileSource, Snapshot } from './profile';
import { ShownStacks } from './shown-stacks';

/** A day: far beyond any use, and within what a timer can wait. */
const MAX_SECONDS = 86_400;

/** Turns a source of data into a profile that can be written. */
export function encodable(source: ProfileSource): Profile {
  const { name, description } = source;

  async function toBuffer(options: ProfileOptions = {}): Promise<Uint8Array> {
    const { debug, gc, full, limited } = checkOptions(options);
    const text = source.text({ gc, full, debug, limited });
    if (text !== undefined) return runInSlices(concatenate(text));
    return compress(await runInSlices(encode(source.take({ gc, full }), limited ? (source.shown ?? new ShownStacks({ once: true })) : undefined)));
  }

  async function writeTo(destination: Writable | string, options: ProfileOptions = {}): Promise<void> {
    checkDestination('destination', destination);
    const bytes = await toBuffer(options);
    await (typeof destination === 'string' ? writeFileWhole(destination, bytes) : writeChunk(destination, bytes));
  }

  async function delta({ seconds, signal, ref = true, limited = false }: DeltaOptions): Promise<Uint8Array> {
    checkNumber('seconds', seconds, (value) => value > 0 && value <= MAX_SECONDS, `a number above 0 and at most ${MAX_SECONDS}`);
    checkBoolean('limited', limited);
    const before = await runInSlices(source.take({ gc: false }).rows());
    await sleep(seconds * 1000, undefined, { ref, ...(signal && { signal }) });
    return compress(await runInSlices(encodeDelta(before, source.take({ gc: false, since: before }), limited)));
  }

  return { name, description, count: () => source.count(), state: () => source.state?.() ?? '', toBuffer, writeTo, delta };
}

function checkOptions(options: ProfileOptions): Required<ProfileOptions> {
  checkObject('options', options);
  const { debug = 0, gc = false, full = false, limited = false } = options;
  checkInteger('debug', debug, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkBoolean('gc', gc);
  checkBoolean('full', full);
  checkBoolean('limited', limited);
  return { debug, gc, full, limited };
}

function* encode(snapshot: Snapshot, shown: ShownStacks | undefined): Steps<Uint8Array[]> {
  return yield* encodeRows(snapshot, yield* snapshot.rows(), shown);
}

function* encodeDelta(before: ProfileRows, after: Snapshot, limited: boolean): Steps<Uint8Array[]> {
  const rows = yield* subtract(before, yield* after.rows());
  return yield* encodeRows(after, rows, limited ? new ShownStacks({ once: true }) : undefined);
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
