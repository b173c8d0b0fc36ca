import type { HeapBuckets } from '../native-results';
import { objectsVariance, scaleHeapSample } from '../pprof/scale';
import { inSteps, type Steps } from '../pprof/steps';

/** Values of a row, in Go's order: alloc_objects, alloc_space, inuse_objects, inuse_space. */
export const HEAP_VALUES = 4;

/** Sampled objects of each bucket, row-major in Go's order; those that died unseen included. */
export function* sampledHeap(buckets: HeapBuckets): Steps<Float64Array> {
  const values = new Float64Array(buckets.allocs.length * HEAP_VALUES);
  yield* inSteps(buckets.allocs.length, (from, to) => addSampled(buckets, from, to, values));
  return values;
}

/** Estimates of all objects, each bucket unsampled with the rate it was sampled at. */
export function* estimateHeap({ rate }: HeapBuckets, sampled: Float64Array): Steps<Float64Array> {
  const values = new Float64Array(sampled.length);
  yield* inSteps(rate.length, (from, to) => addEstimates(rate, sampled, from, to, values));
  return values;
}

/** The size of each bucket's objects; 0 for those of which none was sampled. */
export function* sizesOfSampled({ size }: HeapBuckets, sampled: Float64Array): Steps<Float64Array> {
  const sizes = new Float64Array(size.length);
  yield* inSteps(size.length, (from, to) => addSizes(size, sampled, from, to, sizes));
  return sizes;
}

// Functions of the module, which V8 optimises once for all profiles: in a new closure each time, all numbers would be garbage.

function addSampled(
  { allocs, frees, allocBytes, freeBytes, unseen, unseenBytes }: HeapBuckets,
  from: number,
  to: number,
  values: Float64Array,
): void {
  for (let row = from, at = from * HEAP_VALUES; row < to; row++, at += HEAP_VALUES) {
    values[at] = allocs[row]! + unseen[row]!;
    values[at + 1] = allocBytes[row]! + unseenBytes[row]!;
    values[at + 2] = allocs[row]! - frees[row]!;
    values[at + 3] = allocBytes[row]! - freeBytes[row]!;
  }
}

function addEstimates(rate: Float64Array, sampled: Float64Array, from: number, to: number, values: Float64Array): void {
  for (let row = from, at = from * HEAP_VALUES; row < to; row++, at += HEAP_VALUES) {
    scaleHeapSample(sampled[at]!, sampled[at + 1]!, rate[row]!, values, at);
    scaleHeapSample(sampled[at + 2]!, sampled[at + 3]!, rate[row]!, values, at + 2);
  }
}

function addSizes(size: Float64Array, sampled: Float64Array, from: number, to: number, sizes: Float64Array): void {
  for (let row = from; row < to; row++) sizes[row] = sampled[row * HEAP_VALUES] === 0 ? 0 : size[row]!;
}

/** Standard errors of the estimates: of sampling and, for what was allocated, of attributing what died unseen. */
export function heapStandardErrors({ size, rate, variance }: HeapBuckets, sampled: Float64Array): Float64Array {
  const errors = new Float64Array(sampled.length);
  for (let row = 0, at = 0; row < rate.length; row++, at += HEAP_VALUES) {
    const objects = sampled[at]!;
    const bytes = sampled[at + 1]!;
    const inuseObjects = sampled[at + 2]!;
    const inuseBytes = sampled[at + 3]!;
    const scale = inverseProbability(objects, bytes, rate[row]!);
    const allocVariance = objectsVariance(objects, bytes, rate[row]!) + variance[row]! * scale ** 2;
    // (overflow) holds estimates, and how uncertain their sum is; what is in use has its share of that.
    const overflow = size[row] === 0;
    const inuseVariance = overflow ? allocVariance * (inuseObjects / objects) : objectsVariance(inuseObjects, inuseBytes, rate[row]!);
    writeErrors(allocVariance, bytes / objects, errors, at);
    writeErrors(inuseVariance, inuseBytes / inuseObjects, errors, at + 2);
  }
  return errors;
}

/** Of a number of objects and of their bytes; 0 where there are none, and so no size. */
function writeErrors(objectsVariance: number, size: number, into: Float64Array, at: number): void {
  if (!(objectsVariance > 0 && size > 0)) return;
  into[at] = Math.sqrt(objectsVariance);
  into[at + 1] = into[at]! * size;
}

function inverseProbability(count: number, bytes: number, rate: number): number {
  return count === 0 || rate <= 1 ? 1 : -1 / Math.expm1(-bytes / count / rate);
}
