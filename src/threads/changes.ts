import { threadState } from './thread-state';

/*
 * Where the settings of a thread tell that they have changed, so that other threads can follow; without anybody who
 * listens it is nothing but a call.
 */

const state = threadState('changes', (): { listener?: () => void } => ({}));

/** Has `next` called after every change from now on. */
export function onChange(next: () => void): void {
  state.listener = next;
}

/** A setting of this thread has changed. */
export function changed(): void {
  state.listener?.();
}
