import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAbortSignal, checkBoolean, checkDestination, checkInteger, checkNumber, checkObject } from '../checks';
import { codedError } from '../errors';
import type { ProfileRows } from '../pprof/columns';
import { subtract } from '../pprof/delta';
import { finish, type Steps } from '../pprof/steps';
import { runInSlices } from '../slices';
import { checkThread, isAlone } from '../threads/known-threads';
import { compress, compressSync, concatenate } from './chunks';
import { encodeRows } from './encode-rows';
import type { DeltaOptions, Profile, ProfileOptions, ProfileSource, Snapshot } from './profile';
import { ShownStacks } from './shown-stacks';
import { writeWhole } from './whole-file';

/** A day: far beyond any use, and within what a timer can wait. */
const MAX_SECONDS = 86_400;

/** Turns a source of data into a profile that can be written. */
export function encodable(source: ProfileSource): Profile {
  const { name, description } = source;

  async function toBuffer(options: ProfileOptions = {}): Promise<Uint8Array> {
    const { debug, gc, full, limited } = checkOptions(options);
    const { thread, signal } = options;
    // Where no other thread is asked, the data are taken at the call.
    const asked = thread === undefined ? source : await askThread(source, thread, full);
    if (gc && !isAlone()) await asked.refresh?.(thread);
    signal?.throwIfAborted();
    const text = asked.text({ gc, full, debug, limited, thread });
    if (text !== undefined) return runInSlices(concatenate(text), signal);
    const shown = limited ? (source.shown?.of(thread) ?? new ShownStacks({ once: true })) : undefined;
    return compress(await runInSlices(encode(asked.take({ gc, full, thread }), shown), signal), signal);
  }

  function toBufferSync(options: Pick<ProfileOptions, 'gc'> = {}): Uint8Array {
    const { gc } = checkOptions(options);
    return compressSync(finish(encode(source.take({ gc, thread: undefined }), undefined)));
  }

  async function writeTo(destination: Writable | string, options: ProfileOptions = {}): Promise<void> {
    checkDestination('destination', destination);
    const bytes = await toBuffer(options);
    await (typeof destination === 'string' ? writeWhole(destination, bytes) : writeChunk(destination, bytes));
  }

  async function delta({ seconds, signal, ref = true, limited = false, thread }: DeltaOptions): Promise<Uint8Array> {
    checkNumber('seconds', seconds, (value) => value > 0 && value <= MAX_SECONDS, `a number above 0 and at most ${MAX_SECONDS}`);
    checkBoolean('limited', limited);
    if (signal !== undefined) checkAbortSignal('signal', signal);
    const first = thread === undefined ? source : await askThread(source, thread);
    signal?.throwIfAborted();
    const before = await runInSlices(first.take({ gc: false, thread }).rows(), signal);
    await sleep(seconds * 1000, undefined, { ref, ...(signal && { signal }) });
    const second = thread === undefined ? source : await askThread(source, thread);
    signal?.throwIfAborted();
    return compress(await runInSlices(encodeDelta(before, second.take({ gc: false, thread, since: before }), limited), signal), signal);
  }

  return { name, description, count: () => source.count(), state: () => source.state?.() ?? '', toBuffer, toBufferSync, writeTo, delta };
}

/** What provides the data of a thread. */
async function askThread(source: ProfileSource, thread: number, full = false): Promise<ProfileSource> {
  const { name, byThread = false } = source;
  if (!byThread) throw codedError('ERR_MPROF_UNSUPPORTED', `thread must be left out: there is one ${name} profile`);
  checkThread(thread);
  return (await source.ofThread?.(thread, { full })) ?? source;
}

function checkOptions(options: ProfileOptions): Required<Omit<ProfileOptions, 'thread' | 'signal'>> {
  checkObject('options', options);
  const { debug = 0, gc = false, full = false, limited = false, signal } = options;
  checkInteger('debug', debug, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkBoolean('gc', gc);
  checkBoolean('full', full);
  checkBoolean('limited', limited);
  if (signal !== undefined) checkAbortSignal('signal', signal);
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
