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
    for (const chunk of chunks) gzip.write(chunk);
    gzip.end();
  });
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
