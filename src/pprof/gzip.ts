import { gzip as pakoGzip, ZStream, zlibInflate, zlibInflateInit2, Z_NO_FLUSH, Z_OK, Z_STREAM_END } from 'pako';
import { codedError } from '../errors';
import { requireBytes } from './bytes';

/** Most bytes that {@link gunzip} unpacks: 64 MiB, sixteen times what collectors accept as one profile. */
const MAX_GUNZIP_BYTES = 64 * 2 ** 20;

const CHUNK_BYTES = 2 ** 18;

/** zlib's window size for gzip: 15 bits of window, plus 16 to expect gzip's header and trailer. */
const GZIP_WINDOW_BITS = 15 + 16;

/** Whether `bytes` begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Packs bytes as gzip, the form in which profiles are stored and served. The same bytes give the same result: it holds
 * no time. Blocks the thread: in Node.js, `zlib.gzip` does the same on another one.
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  requireBytes(bytes);
  return pakoGzip(bytes);
}

/**
 * Unpacks gzip of one member, up to 64 MiB of content, and verifies its checksum. Several members are refused although
 * gzip allows them: they would be several profiles, which are not one profile when put in a row.
 *
 * @throws ERR_MPROF_INVALID_PROFILE when `bytes` are not gzip, are damaged, end too early or go on behind the end.
 * @throws ERR_MPROF_PROFILE_TOO_LARGE when they unpack to more than 64 MiB.
 */
export function gunzip(bytes: Uint8Array): Uint8Array {
  requireBytes(bytes);
  const stream = new ZStream();
  zlibInflateInit2(stream, GZIP_WINDOW_BITS);
  stream.input = bytes;
  stream.avail_in = bytes.length;
  const chunks: Uint8Array[] = [];
  for (;;) {
    stream.output = new Uint8Array(CHUNK_BYTES);
    stream.next_out = 0;
    stream.avail_out = CHUNK_BYTES;
    const status = zlibInflate(stream, Z_NO_FLUSH);
    if (status !== Z_OK && status !== Z_STREAM_END) {
      throw codedError('ERR_MPROF_INVALID_PROFILE', `The gzip data is damaged: ${stream.msg || 'it is cut off'}`);
    }
    chunks.push(stream.output.subarray(0, stream.next_out));
    if (stream.total_out > MAX_GUNZIP_BYTES) {
      throw codedError('ERR_MPROF_PROFILE_TOO_LARGE', `The gzip data unpacks to more than ${MAX_GUNZIP_BYTES} bytes`);
    }
    if (status === Z_STREAM_END) break;
    if (stream.avail_in === 0 && stream.avail_out > 0) {
      throw codedError('ERR_MPROF_INVALID_PROFILE', `The gzip data is cut off after ${bytes.length} bytes`);
    }
  }
  if (stream.avail_in > 0) {
    throw codedError('ERR_MPROF_INVALID_PROFILE', `The gzip data goes on behind its end at byte ${stream.next_in}`);
  }
  return concatenate(chunks, stream.total_out);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
