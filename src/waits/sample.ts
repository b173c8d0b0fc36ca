import { random } from './chance';

/** What a recorded wait counts for. */
export interface Sampled {
  count: number;
  /** In nanoseconds. */
  delay: number;
}

const MS_TO_NANOS = 1e6;

/**
 * Go's rule: a wait as long as the rate is recorded; a shorter one with the probability duration / rate, and then stands
 * for as many as make up the rate. Both in milliseconds. Undefined for what is not recorded.
 */
export function sample(duration: number, rate: number): Sampled | undefined {
  if (duration >= rate) return { count: 1, delay: duration * MS_TO_NANOS };
  return random() * rate < duration ? { count: rate / duration, delay: rate * MS_TO_NANOS } : undefined;
}
