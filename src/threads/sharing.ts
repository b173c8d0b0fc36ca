import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { VERSION } from '../binding';
import { isStarted, memProfileRate, setMemProfileRate, start, startOptions, stop } from '../runtime';
import type { CheckedOptions } from '../start-options';
import { blockProfileRate, setBlockProfileRate, setMutexProfileFraction } from '../waits/rates';
import { onChange } from './changes';
import { threadState } from './thread-state';

/*
 * Settings that are the process's and not a thread's, as Go's are: each thread that shares them follows the others', and
 * begins with those of the thread that has started it.
 */

/** What a thread has to know to do as the others. */
interface Settings {
  /** Undefined while stopped. */
  started: CheckedOptions | undefined;
  memProfileRate: number;
  blockProfileRate: number;
  mutexProfileFraction: number;
  /** How many changes it is, and whose the last one was: of two at the same time, all threads follow the same one. */
  changes: number;
  thread: number;
}

const NAME = `mprof ${VERSION} settings`;

interface SharingState {
  channel?: BroadcastChannel;
  /** Of the settings that this thread has now. */
  changes: number;
  thread: number;
}

const state = threadState('sharing', (): SharingState => ({ changes: 0, thread: -1 }));
let isFollowing = false;

/** Shares the settings of this thread from now on; does nothing if it does. */
export function shareSettings(): void {
  if (state.channel !== undefined) return;
  const channel = new BroadcastChannel(NAME);
  state.channel = channel;
  channel.unref();
  channel.onmessage = (event) => follow((event as { data: Settings }).data);
  onChange(publish);
  const inherited = getEnvironmentData(NAME) as Settings | undefined;
  if (inherited !== undefined) follow(inherited);
  else if (isMainThread) publish();
}

function publish(): void {
  if (isFollowing) return;
  state.changes++;
  state.thread = threadId;
  const settings: Settings = {
    started: startOptions(),
    memProfileRate: memProfileRate(),
    blockProfileRate: blockProfileRate(),
    mutexProfileFraction: setMutexProfileFraction(-1),
    changes: state.changes,
    thread: threadId,
  };
  // For threads to come, and for those there are.
  setEnvironmentData(NAME, settings as unknown as Parameters<typeof setEnvironmentData>[1]);
  state.channel?.postMessage(settings);
}

/** Does as another thread. What cannot be had here, such as V8's sampler where it is somebody else's, is a warning. */
function follow(settings: Settings): void {
  const { changes, thread } = settings;
  if (changes < state.changes || (changes === state.changes && thread < state.thread)) return;
  Object.assign(state, { changes, thread });
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
    setEnvironmentData(NAME, settings as unknown as Parameters<typeof setEnvironmentData>[1]);
  }
}
