/**
 * Every error this package throws on purpose, by its stable `code`: the place to look up what a code means.
 * The class says whose business it is: TypeError for a value of the wrong kind, RangeError for one outside its limits,
 * Error for a state the caller could not know.
 */
const classes = {
  /** start() while started. */
  ERR_MPROF_ALREADY_STARTED: Error,
  /** V8 does not take any more CPU profiles now. */
  ERR_MPROF_CPU_PROFILER: Error,
  /** The native addon is missing or was built for another Node.js. */
  ERR_MPROF_BINARY: Error,
  /** A custom profile has the value already. */
  ERR_MPROF_DUPLICATE_VALUE: Error,
  /** An argument is of the wrong type. */
  ERR_MPROF_INVALID_ARG_TYPE: TypeError,
  /** Bytes or an object are not a profile, or contradict themselves. */
  ERR_MPROF_INVALID_PROFILE: TypeError,
  /** Another version of this package profiles the thread. */
  ERR_MPROF_OTHER_VERSION: Error,
  /** A number or a text is not one of those allowed. */
  ERR_MPROF_OUT_OF_RANGE: RangeError,
  /** What was asked for would stop the process for long, as its heap is large. */
  ERR_MPROF_HEAP_TOO_LARGE: Error,
  /** A server would be reachable from other machines. */
  ERR_MPROF_INSECURE_ADDRESS: Error,
  /** There is a profile of that name, or the name means something else in a URL. */
  ERR_MPROF_NAME_IN_USE: Error,
  /** Bytes unfold to more than this package is willing to hold. */
  ERR_MPROF_PROFILE_TOO_LARGE: RangeError,
  /** A thread has not answered in time. */
  ERR_MPROF_THREAD_BUSY: Error,
  /** There is no such thread, or it has not loaded this package. */
  ERR_MPROF_UNKNOWN_THREAD: RangeError,
  /** This Node.js cannot do that, or not in a startup snapshot. */
  ERR_MPROF_UNSUPPORTED: Error,
  /** V8 has one heap sampler per thread, and it is somebody else's: the inspector's, --heap-prof's, another profiler's. */
  ERR_MPROF_SAMPLER_IN_USE: Error,
} as const;

/** A code that an error of this package can carry. */
export type ErrorCode = keyof typeof classes;

/** An error of this package: a TypeError, RangeError or Error with a `code` that stays the same across versions. */
export interface CodedError extends Error {
  readonly code: ErrorCode;
}

/** Makes the error for a code; its class follows from the code. `cause` is the error this one explains, if any. */
export function codedError(code: ErrorCode, message: string, cause?: unknown): CodedError {
  const error = cause === undefined ? new classes[code](message) : new classes[code](message, { cause });
  return Object.assign(error, { code });
}

/** Whether `error` was made by {@link codedError}, by this copy of the package or another. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && Object.hasOwn(classes, error.code as string);
}
