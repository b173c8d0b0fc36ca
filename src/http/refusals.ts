import { isCodedError, type ErrorCode } from '../errors';
import { HttpError } from './responses';

/** Errors that are for the client to know, and their status. */
const statuses = new Map<ErrorCode, number>([
  ['ERR_MPROF_CPU_PROFILER', 503],
  ['ERR_MPROF_HEAP_TOO_LARGE', 400],
  ['ERR_MPROF_THREAD_BUSY', 503],
  ['ERR_MPROF_UNKNOWN_THREAD', 404],
]);

/** Throws an error of a profile as the answer that it makes. */
export function refuse(error: unknown): never {
  const status = isCodedError(error) ? statuses.get(error.code) : undefined;
  throw status === undefined ? error : new HttpError(status, (error as Error).message);
}
