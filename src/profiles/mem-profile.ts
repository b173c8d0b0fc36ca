import { checkBoolean, checkObject } from '../checks';
import { finish } from '../pprof/steps';
import { checkThread } from '../threads/known-threads';
import { takeHeap } from './heap';
import { estimateHeap, HEAP_VALUES, heapStandardErrors, sampledHeap } from './heap-estimates';
import { stackReader, type StackFrame } from './stack-frame';
import { lookUpStacks } from './stack-symbols';

/** Which records to give, and as of when. */
export interface MemProfileOptions {
  /** Also give records of which nothing is in use. Default false. */
  inuseZero?: boolean;
  /** Run a full garbage collection of this thread first. Default false. */
  gc?: boolean;
  /** One thread alone, by its threadId, 0 for the main thread. Default: all. */
  thread?: number;
}

/** Go's four heap values. */
export interface HeapValues {
  /** Objects allocated since the start. */
  allocObjects: number;
  /** Their bytes. */
  allocBytes: number;
  /** Objects in use as of the last garbage collection. */
  inuseObjects: number;
  /** Their bytes. */
  inuseBytes: number;
}

/** What is known about the objects of about one size allocated at one call stack. */
export interface MemProfileRecord {
  /** The call stack, leaf first. */
  stack: StackFrame[];
  /** Bytes of the first such object; sizes within a record differ by an eighth at most. 0 for `(overflow)`. */
  objectSize: number;
  /** The rate in bytes these objects were sampled at; 1 where every object was counted, or the counts are estimates. */
  rate: number;
  /** Sampled objects, as counted. Whole numbers, unless some that died unseen had to be estimated. */
  sampled: HeapValues;
  /** Estimates of all objects, by Go's formula: a sampled object of size s stands for 1 / (1 - exp(-s / rate)). */
  estimated: HeapValues;
  /**
   * Standard errors of the estimates: two of them either way hold the true value in about 95 of 100 cases, once a
   * dozen objects or so have been sampled. With n sampled objects and p = 1 - exp(-s / rate), sqrt(n (1 - p)) / p
   * objects of size s.
   */
  standardError: HeapValues;
}

/** The heap profile as records, the newest call stacks first. */
export function memProfile(options: MemProfileOptions = {}): MemProfileRecord[] {
  checkObject('options', options);
  const { inuseZero = false, gc = false, thread } = options;
  checkBoolean('inuseZero', inuseZero);
  checkBoolean('gc', gc);
  checkThread(thread);
  const buckets = takeHeap({ gc, thread });
  const sampled = finish(sampledHeap(buckets));
  const estimated = finish(estimateHeap(buckets, sampled));
  const standardError = heapStandardErrors(buckets, sampled);
  const { symbols, stack } = finish(lookUpStacks(buckets.stack));
  const stacks = stackReader(symbols);
  const records: MemProfileRecord[] = [];
  for (let row = 0; row < buckets.bucket.length; row++) {
    const record = {
      stack: stacks(stack[row]!),
      objectSize: buckets.size[row]!,
      rate: buckets.rate[row]!,
      sampled: valuesOf(sampled, row),
      estimated: valuesOf(estimated, row),
      standardError: valuesOf(standardError, row),
    };
    if (inuseZero || record.sampled.inuseBytes !== 0) records.push(record);
  }
  return records;
}

function valuesOf(values: Float64Array, row: number): HeapValues {
  const [allocObjects, allocBytes, inuseObjects, inuseBytes] = values.subarray(row * HEAP_VALUES) as unknown as [number, number, number, number];
  return { allocObjects, allocBytes, inuseObjects, inuseBytes };
}
