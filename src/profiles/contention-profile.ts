import { BucketType, native } from '../binding';
import { checkObject } from '../checks';
import { NO_LABELS, type Labels } from '../labels/labels';
import { finish } from '../pprof/steps';
import { checkThread } from '../threads/known-threads';
import { lookUpLabels } from './label-columns';
import { stackReader, type StackFrame } from './stack-frame';
import { lookUpStacks } from './stack-symbols';

/** What is known of the waits at one call stack, or of those it has ended. */
export interface ContentionRecord {
  /** The call stack, leaf first. Of a waiter, the first frame says what it has waited for, such as `await` or `Timeout`. */
  stack: StackFrame[];
  /** Estimate of how many there were; a whole number while everything is recorded. */
  contentions: number;
  /** Estimate of how long they lasted together, in nanoseconds. */
  delay: number;
  /** Labels of who waited, or ended the waits; empty unless recorded as start({ labels: true }) asks. */
  labels: Labels;
}

/** Which threads' records to give. */
export interface ThreadOptions {
  /** One thread alone, by its threadId, 0 for the main thread. Default: all. */
  thread?: number;
}

/** The block profile as records, the newest call stacks first. */
export function blockProfile(options: ThreadOptions = {}): ContentionRecord[] {
  return recordsOf(BucketType.block, options);
}

/** The mutex profile as records, the newest call stacks first. */
export function mutexProfile(options: ThreadOptions = {}): ContentionRecord[] {
  return recordsOf(BucketType.mutex, options);
}

function recordsOf(type: BucketType, options: ThreadOptions): ContentionRecord[] {
  checkObject('options', options);
  const { thread } = options;
  checkThread(thread);
  const { stack: numbers, labels: labelNumbers, count, delay } = native.takeWaitBuckets(type, thread);
  const { symbols, stack } = finish(lookUpStacks(numbers));
  const stacks = stackReader(symbols);
  const labels = finish(lookUpLabels(labelNumbers));
  return Array.from(stack, (row, i) => ({
    stack: stacks(row),
    contentions: count[i]!,
    delay: delay[i]!,
    labels: labels?.sets[labels.set[i]!] ?? NO_LABELS,
  }));
}
