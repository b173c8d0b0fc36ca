import { addAbortSignal } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { inSteps, type Steps } from '../pprof/steps';

/** Compresses chunks in a row, on libuv's thread pool and at the level Go uses; the signal ends it with an AbortError. */
export function compress(chunks: readonly Uint8Array[], signal?: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const packed: Buffer[] = [];
    gzip.on('data', (part: Buffer) => packed.push(part));
    gzip.once('error', reject);
    gzip.once('end', () => resolve(Buffer.concat(packed)));
    if (signal !== undefined) addAbortSignal(signal, gzip);
    for (const part of inParts(chunks)) gzip.write(part);
    gzip.end();
  });
}

/** Bytes that are handed to the thread pool at once: each part costs two turns, and as long to copy as it takes to say so. */
const PART = 2 ** 18;

/** The chunks in fewer pieces, each of about that size. */
function* inParts(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let part: Uint8Array[] = [];
  let length = 0;
  for (const chunk of chunks) {
    part.push(chunk);
    length += chunk.length;
    if (length < PART) continue;
    yield Buffer.concat(part);
    part = [];
    length = 0;
  }
  yield Buffer.concat(part);
}

/** Puts chunks in a row. */
export function* concatenate(steps: Steps<readonly Uint8Array[]>): Steps<Uint8Array> {
  const chunks = yield* steps;
  const whole = Buffer.allocUnsafe(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  yield* inSteps(chunks.length, (from, to) => {
    for (const chunk of chunks.slice(from, to)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
  }, 4);
  return whole;
}
