import { deserialize, serialize } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { native } from '../binding';
import { isStarted, memProfileRate, setMemProfileRate, start, startOptions, stop } from '../runtime';
import type { CheckedOptions } from '../start-options';
import { blockProfileRate, setBlockProfileRate, setMutexProfileFraction } from '../waits/rates';
import { onChange } from './changes';
import { answerQuestions, tellAll } from './questions';
import { threadState } from './thread-state';

/*
 * Settings that are the process's and not a thread's, as Go's are: each thread that shares them follows the others', and
 * a new one begins with theirs.
 */

/** What a thread has to know to do as the others. */
interface Settings {
  /** Undefined while stopped. */
  started: CheckedOptions | undefined;
  memProfileRate: number;
  blockProfileRate: number;
  mutexProfileFraction: number;
}

const CHANGED = 'settings changed';

interface SharingState {
  shares: boolean;
  /** Of the settings that this thread has now. */
  version: number;
}

const state = threadState('sharing', (): SharingState => ({ shares: false, version: 0 }));
let isFollowing = false;

/** Shares the settings of this thread from now on; does nothing if it does. */
export function shareSettings(): void {
  if (state.shares) return;
  state.shares = true;
  answerQuestions(CHANGED, follow);
  onChange(publish);
  if (isMainThread) publish();
  else follow();
}

function publish(): void {
  if (isFollowing) return;
  const settings: Settings = {
    started: startOptions(),
    memProfileRate: memProfileRate(),
    blockProfileRate: blockProfileRate(),
    mutexProfileFraction: setMutexProfileFraction(-1),
  };
  state.version = native.publishSettings(serialize(settings));
  tellAll(CHANGED);
}

/** Does as the others. What cannot be had here, such as V8's sampler where it is somebody else's, is a warning. */
function follow(): void {
  const latest = native.settingsSince(state.version);
  if (latest === undefined) return;
  state.version = latest.number;
  const settings = deserialize(latest.settings) as Settings;
  isFollowing = true;
  try {
    if (settings.started === undefined) stop();
    setMemProfileRate(settings.memProfileRate);
    if (settings.started !== undefined && !isStarted()) start(settings.started);
    if (blockProfileRate() !== settings.blockProfileRate) setBlockProfileRate(settings.blockProfileRate);
    if (setMutexProfileFraction(-1) !== settings.mutexProfileFraction) setMutexProfileFraction(settings.mutexProfileFraction);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  } finally {
    isFollowing = false;
  }
}
