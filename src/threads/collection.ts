import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../binding';
import { clock } from '../waits/chance';

const PATIENCE_MS = 1000;
const POLL_MS = 2;

/**
 * Has the other threads whose heaps are profiled collect garbage, or one of them, and waits for that, but not for long: one
 * that is in a system call or an addon does not answer.
 */
export async function collectInOthers(thread: number | undefined): Promise<void> {
  const haveAll = native.collectOtherGarbage(thread);
  for (const end = clock() + PATIENCE_MS; !haveAll() && clock() < end; ) await sleep(POLL_MS);
}
