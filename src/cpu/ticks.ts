import { IDLE } from '../binding';
import type { ThreadSamples } from '../native-results';

/** Nanoseconds of CPU time that one sample in a profile stands for: Go's 100 a second. */
export const PERIOD = 10_000_000;

/**
 * How many periods of CPU time each sample stands for.
 *
 * V8 samples by the wall clock, also while the thread is blocked or waits for a processor. Go samples whenever a period of
 * CPU time has been used. So the CPU time is marked off in periods here, from a random point in the first one on, and each
 * mark is charged to the next sample that found the thread at work; the marks behind the last one are charged to that. So a
 * blocked thread's samples count for nothing, and their sum is what the thread has used, but for one period.
 *
 * @param phase from 0 to below 1: where in the first period the first mark is
 */
export function countTicks({ stack, cpu, totalCpu }: Pick<ThreadSamples, 'stack' | 'cpu' | 'totalCpu'>, phase: number): Uint32Array {
  const ticks = new Uint32Array(stack.length);
  let last = stack.length - 1;
  while (stack[last] === IDLE) last--;
  let next = phase * PERIOD;
  for (let i = 0; i <= last; i++) {
    if (stack[i] === IDLE) continue;
    const used = i === last ? totalCpu : cpu[i]!;
    if (used < next) continue;
    ticks[i] = Math.floor((used - next) / PERIOD) + 1;
    next += ticks[i]! * PERIOD;
  }
  return ticks;
}
