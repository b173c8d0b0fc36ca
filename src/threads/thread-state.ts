import { native } from '../binding';
import { codedError } from '../errors';
import { VERSION } from '../version';

/*
 * A thread may have several copies of this package: where it is installed twice, where the module cache has been cleared, or
 * where a test runner loads modules anew for each file. Those of one version do as one.
 */

/** State under a name, which all copies share. Whichever asks first makes it. */
export function threadState<State extends object>(name: string, create: () => State): State {
  return (native.threadState[name] ??= create()) as State;
}

/**
 * To be called before anything of this thread is profiled.
 *
 * @throws Error `ERR_MPROF_OTHER_VERSION` where another version of this package has done so
 */
export function claimThread(): void {
  const owner = native.claimThread(VERSION);
  if (owner === VERSION) return;
  throw codedError(
    'ERR_MPROF_OTHER_VERSION',
    `version ${owner} of mprof profiles this thread already, and this is version ${VERSION}: a thread has one profiler, so all that use ` +
      'it must depend on the same version',
  );
}
