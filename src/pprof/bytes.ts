import { codedError } from '../errors';

/** Throws ERR_MPROF_INVALID_ARG_TYPE unless `value` is a Uint8Array, of whatever realm; a Buffer is one. */
export function requireBytes(value: unknown): asserts value is Uint8Array {
  if (Object.prototype.toString.call(value) !== '[object Uint8Array]') {
    throw codedError('ERR_MPROF_INVALID_ARG_TYPE', 'Expected the "bytes" argument to be a Uint8Array');
  }
}
