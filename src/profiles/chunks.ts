import { addAbortSignal } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { inSteps, type Steps } from '../pprof/steps';

/**
 * Compresses chunks in a row, on libuv's thread pool; the signal ends it with an AbortError. zlib's default level: Go's, the
 * fastest, makes profiles 4 to 15 % larger, and saves some 6 ms for one of 40,000 samples.
 */
export function compress(chunks: readonly Uint8Array[], signal?: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const gzip = createGzip();
    const packed: Buffer[] = [];
    gzip.on('data', (part: Buffer) => packed.push(part));
    gzip.once('error', reject);
    gzip.once('end', () => resolve(inOne(packed)));
    if (signal !== undefined) addAbortSignal(signal, gzip);
    for (const part of inParts(chunks)) gzip.write(part);
    gzip.end();
  });
}

/** The same on this thread. */
export function compressSync(chunks: readonly Uint8Array[]): Uint8Array {
  return gzipSync(Buffer.concat(chunks));
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

/** In memory of its own, so that it can be transferred to another thread. */
function inOne(parts: readonly Uint8Array[]): Uint8Array {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Puts chunks in a row, in memory of its own. */
export function* concatenate(steps: Steps<readonly Uint8Array[]>): Steps<Uint8Array> {
  const chunks = yield* steps;
  const whole = Buffer.allocUnsafeSlow(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  yield* inSteps(chunks.length, (from, to) => {
    for (const chunk of chunks.slice(from, to)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
  }, 4);
  return whole;
}
