import { threadState } from './thread-state';

/*
 * Where the settings of a thread tell that they have changed, so that other threads can follow; without anybody who
 * listens it is nothing but a note.
 */

/** What a thread is set to, by name. */
export type SettingName = 'started' | 'memProfileRate' | 'blockProfileRate' | 'mutexProfileFraction';

interface Changes {
  listener?: (setting: SettingName) => void;
  /** Those that have changed while nobody listened. */
  readonly earlier: Set<SettingName>;
}

const state = threadState('changes', (): Changes => ({ earlier: new Set() }));

/** Has `next` called for what has changed already, and after every change from now on. */
export function onChange(next: (setting: SettingName) => void): void {
  state.listener = next;
  state.earlier.forEach(next);
  state.earlier.clear();
}

/** A setting of this thread has changed, or has been set to what it was. */
export function changed(setting: SettingName): void {
  if (state.listener === undefined) state.earlier.add(setting);
  else state.listener(setting);
}
