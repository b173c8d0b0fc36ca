import { checkBoolean, checkObject } from '../checks';
import type { Symbols } from '../pprof/columns';
import { takeHeap } from './heap';
import { estimateHeap, HEAP_VALUES, heapStandardErrors, sampledHeap } from './heap-estimates';
import { decodeString } from './symbolize';

/** Which records to give, and as of when. */
export interface MemProfileOptions {
  /** Also give records of which nothing is in use. Default false. */
  inuseZero?: boolean;
  /** Run a full garbage collection first. Default false. */
  gc?: boolean;
}

/** One function on a call stack. */
export interface StackFrame {
  /** `(anonymous)` where V8 has no name; `(GC)` and the like for allocations outside any function. */
  functionName: string;
  /** Path of the script; empty where there is none. */
  fileName: string;
  /** 1-based line at which the function starts, not that of the call; 0 when unknown. */
  line: number;
  /** 1-based column at which the function starts; 0 when unknown. */
  column: number;
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
  const { inuseZero = false, gc = false } = options;
  checkBoolean('inuseZero', inuseZero);
  checkBoolean('gc', gc);
  const buckets = takeHeap({ gc });
  const sampled = sampledHeap(buckets);
  const estimated = estimateHeap(buckets, sampled);
  const standardError = heapStandardErrors(buckets, sampled);
  const stacks = stackReader(buckets.symbols);
  const records: MemProfileRecord[] = [];
  for (let row = 0; row < buckets.bucket.length; row++) {
    const record = {
      stack: stacks(buckets.stack[row]!),
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

/** Stacks as objects; a frame that occurs in several stacks is the same object in all of them. */
function stackReader({ strings, frames, stacks }: Symbols): (stack: number) => StackFrame[] {
  const known: StackFrame[] = [];
  const read = (row: number): StackFrame => ({
    functionName: decodeString(strings, frames.name[row]!),
    fileName: decodeString(strings, frames.file[row]!),
    line: frames.line[row]!,
    column: frames.column[row]!,
  });
  return (stack) => Array.from(stacks.frames.subarray(stacks.start[stack], stacks.start[stack + 1]), (row) => (known[row] ??= read(row)));
}
