import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { checkFunction, checkObject, checkText, wrongType } from '../checks';
import { codedError } from '../errors';
import { lookup, profiles } from '../profiles/registry';
import { writeNew } from '../profiles/whole-file';
import { threadState } from '../threads/thread-state';
import { checkFolder, fileNameOf } from './file-names';

/** What is written when the signal comes. */
export interface SignalOptions {
  /** A folder that exists. Default: the working directory of the time of the call. */
  path?: string;
  /**
   * Default `SIGUSR2`. Others that a program may use for itself: `SIGHUP`, `SIGWINCH`, `SIGCONT`, `SIGURG`, `SIGIO`, `SIGPWR`,
   * `SIGINFO`, where there are any. Not `SIGUSR1`, which starts Node's debugger.
   */
  signal?: NodeJS.Signals;
  /** Names of profiles. Default: all there are when the signal comes, but `allocs`, which has the same data as `heap`. */
  profiles?: readonly string[];
  /** Called with the paths of what has been written. */
  onWrite?: (files: string[]) => void;
  /** Called for each file that could not be written, of which nothing is left. Default: a warning of the process. */
  onError?: (error: NodeJS.ErrnoException) => void;
}

const SIGNALS = ['SIGUSR2', 'SIGHUP', 'SIGWINCH', 'SIGCONT', 'SIGURG', 'SIGIO', 'SIGPWR', 'SIGINFO'].filter((name) => name in constants.signals);

/** Ends what the latest call has begun. */
const state = threadState('on signal', (): { end?: (() => void) | undefined } => ({}));

/**
 * Writes the profiles to files whenever the process gets the signal, each to a new file whose name has the profile, the time,
 * the process and the thread: `heap-20260102T030405.678Z-4711-0.pb.gz`. A file appears complete or not at all, and never in the
 * place of another one. Signals that come while files are written count as one, for when these are done.
 *
 * A later call takes the place of this one; stop(), and the function that is returned, end it: then the signal does
 * what it did before, which for most is to end the process. It does not keep the process alive.
 *
 * @throws TypeError or RangeError for bad options; nothing has changed then
 * @throws Error `ERR_MPROF_UNSUPPORTED` in a worker thread, which no signal ever reaches
 */
export function writeProfilesOnSignal(options: SignalOptions = {}): () => void {
  const { signal, ...what } = checkOptions(options);
  if (!isMainThread) throw codedError('ERR_MPROF_UNSUPPORTED', 'signals reach the main thread alone: writeProfilesOnSignal() must be called there');
  const listener = oneAfterAnother(() => writeAll(what));
  stopWritingOnSignal();
  process.on(signal, listener);
  const mine = (): void => {
    process.removeListener(signal, listener);
  };
  state.end = mine;
  return mine;
}

/** Leaves the signal to whoever had it before. */
export function stopWritingOnSignal(): void {
  state.end?.();
  state.end = undefined;
}

type What = Required<Omit<SignalOptions, 'signal' | 'profiles'>> & { profiles: readonly string[] | undefined };

function checkOptions(options: SignalOptions): What & { signal: NodeJS.Signals } {
  checkObject('options', options);
  const { path = '.', signal = 'SIGUSR2', profiles: names, onWrite = () => {}, onError = (error) => process.emitWarning(error) } = options;
  checkText('signal', signal, (name) => SIGNALS.includes(name), `one of ${SIGNALS.join(', ')}`);
  if (names !== undefined) {
    if (!Array.isArray(names)) throw wrongType('profiles', 'an array', names);
    for (const name of names) checkText('profiles', name, (text) => lookup(text) !== undefined, 'names of profiles');
  }
  checkFunction('onWrite', onWrite);
  checkFunction('onError', onError);
  return { path: checkFolder('path', path), signal, profiles: names && [...names], onWrite, onError };
}

/** Calls `work` again when it is done if that was asked for in the meantime, however often. */
function oneAfterAnother(work: () => Promise<void>): () => void {
  let isBusy = false;
  let isAskedFor = false;
  const run = async (): Promise<void> => {
    isBusy = true;
    while (isAskedFor) {
      isAskedFor = false;
      await work();
    }
    isBusy = false;
  };
  return () => {
    isAskedFor = true;
    if (!isBusy) void run();
  };
}

async function writeAll({ path, profiles: names, onWrite, onError }: What): Promise<void> {
  const now = new Date();
  const all = names ?? profiles().flatMap(({ name }) => (name === 'allocs' ? [] : name));
  const files: string[] = [];
  const write = async (name: string): Promise<void> => {
    const file = fileNameOf(path, name, now);
    try {
      await writeNew(file, await lookup(name)!.toBuffer());
      files.push(file);
    } catch (error) {
      // What a function of the program's throws is its own affair.
      process.nextTick(onError, error);
    }
  };
  await Promise.all(all.map(write));
  if (files.length > 0) process.nextTick(onWrite, files.sort());
}
