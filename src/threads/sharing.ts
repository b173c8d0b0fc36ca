import { deserialize, serialize } from 'node:v8';
import { native } from '../binding';
import { isStarted, memProfileRate, setMemProfileRate, start, startOptions, stop } from '../runtime';
import type { CheckedOptions } from '../start-options';
import { blockProfileRate, setBlockProfileRate, setMutexProfileFraction } from '../waits/rates';
import { onChange, type SettingName } from './changes';
import { afterMail, tellAll } from './questions';
import { threadState } from './thread-state';

/*
 * Settings that are the process's and not a thread's, as Go's are: each thread that shares them follows the others'. What
 * it has set itself before is a change like any other.
 */

/** What a thread has to know to do as the others. */
type Settings = {
  /** Undefined while stopped. */
  started: CheckedOptions | undefined;
} & Record<Exclude<SettingName, 'started'>, number>;

const CHANGED = 'settings changed';

interface SharingState {
  shares: boolean;
  /** Up to which version this thread has followed the others. */
  version: number;
}

const state = threadState('sharing', (): SharingState => ({ shares: false, version: 0 }));
let isFollowing = false;

/** How each is found. */
const current: { [Name in SettingName]: () => Settings[Name] } = {
  started: startOptions,
  memProfileRate,
  blockProfileRate,
  mutexProfileFraction: () => setMutexProfileFraction(-1),
};

/** Shares the settings of this thread from now on; does nothing if it does. */
export function shareSettings(): void {
  if (state.shares) return;
  state.shares = true;
  afterMail(follow);
  onChange(publish);
  follow();
}

function publish(setting: SettingName): void {
  if (isFollowing) return;
  native.publishSetting(setting, serialize(current[setting]()));
  tellAll(CHANGED);
}

/** Does as the others, in what has changed. */
function follow(): void {
  const changes = native.settingsSince(state.version);
  if (changes.length === 0) return;
  state.version = changes.at(-1)!.version;
  const settings = Object.fromEntries(changes.map(({ name, value }) => [name, deserialize(value)])) as Partial<Settings>;
  const { started, memProfileRate: rate = memProfileRate(), blockProfileRate: block, mutexProfileFraction: fraction } = settings;
  isFollowing = true;
  try {
    if ('started' in settings && started === undefined) attempt(stop);
    if (started !== undefined && !isStarted()) attempt(() => start({ ...started, memProfileRate: rate }));
    if (rate !== memProfileRate()) attempt(() => setMemProfileRate(rate));
    if (block !== undefined && block !== blockProfileRate()) attempt(() => setBlockProfileRate(block));
    if (fraction !== undefined && fraction !== setMutexProfileFraction(-1)) attempt(() => setMutexProfileFraction(fraction));
  } finally {
    isFollowing = false;
  }
}

/** What cannot be had here, such as V8's sampler where it is somebody else's, is a warning. */
function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
