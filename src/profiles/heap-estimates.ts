import type { HeapBuckets } from '../binding';
import { objectsVariance, scaleHeapSample } from '../pprof/scale';
import { inSteps, type Steps } from '../pprof/steps';

/** Values of a row, in Go's order: alloc_objects, alloc_space, inuse_objects, inuse_space. */
export const HEAP_VALUES = 4;

/** Sampled objects of each bucket, row-major in Go's order; those that died unseen included. */
export function* sampledHeap(buckets: HeapBuckets): Steps<Float64Array> {
  const { allocs, frees, allocBytes, freeBytes, unseen, unseenBytes } = buckets;
  const values = new Float64Array(allocs.length * HEAP_VALUES);
  yield* inSteps(allocs.length, (from, to) => {
    for (let row = from, at = from * HEAP_VALUES; row < to; row++, at += HEAP_VALUES) {
      values[at] = allocs[row]! + unseen[row]!;
      values[at + 1] = allocBytes[row]! + unseenBytes[row]!;
      values[at + 2] = allocs[row]! - frees[row]!;
      values[at + 3] = allocBytes[row]! - freeBytes[row]!;
    }
  });
  return values;
}

/** Estimates of all objects, each bucket unsampled with the rate it was sampled at. */
export function* estimateHeap({ rate }: HeapBuckets, sampled: Float64Array): Steps<Float64Array> {
  const values = new Float64Array(sampled.length);
  yield* inSteps(rate.length, (from, to) => {
    for (let row = from, at = from * HEAP_VALUES; row < to; row++, at += HEAP_VALUES) {
      scaleHeapSample(sampled[at]!, sampled[at + 1]!, rate[row]!, values, at);
      scaleHeapSample(sampled[at + 2]!, sampled[at + 3]!, rate[row]!, values, at + 2);
    }
  });
  return values;
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
