import { BucketType, native, type HeapBuckets } from '../binding';
import type { ProfileColumns } from '../pprof/columns';
import { writeHeapText } from '../pprof/heap-text';
import { memProfileRate } from '../runtime';
import { stats } from '../stats';
import { plainPaths } from './file-paths';
import { estimateHeap, HEAP_VALUES, sampledHeap } from './heap-estimates';
import { readMemStats } from './mem-stats';
import type { ProfileSource } from './profile';
import { program } from './program';

const SAMPLE_TYPES = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

/** The heap's buckets, with the file names people use. */
export function takeHeap({ gc }: { gc: boolean }): HeapBuckets {
  if (gc) native.collectGarbage();
  const buckets = native.takeHeapBuckets();
  return { ...buckets, symbols: plainPaths(buckets.symbols) };
}

/** Objects in use. */
export const heap: ProfileSource = {
  name: 'heap',
  description: 'Objects in use as of the last garbage collection, and everything allocated since the start, by call stack.',
  count: () => native.countBuckets(BucketType.heap),
  state: heapState,
  columns: (options) => heapColumns(takeHeap(options)),
  text: heapText,
};

/** The same data; viewers open it with what was allocated. */
export const allocs: ProfileSource = {
  ...heap,
  name: 'allocs',
  description: 'The heap profile, opened on everything allocated since the start, dead objects included.',
  columns: (options) => ({ ...heapColumns(takeHeap(options)), defaultSampleType: 'alloc_space' }),
};

function heapState(): string {
  const { heap: state, memProfileRate: rate } = stats();
  if (state === 'lost') return "lost: somebody else has taken V8's sampler";
  if (state === 'off') return 'off';
  return rate === 1 ? 'on, every allocation' : `on, one sample per ${rate} bytes`;
}

function heapColumns(buckets: HeapBuckets): ProfileColumns {
  const sampled = sampledHeap(buckets);
  return {
    sampleTypes: SAMPLE_TYPES,
    periodType: { type: 'space', unit: 'bytes' },
    period: memProfileRate(),
    timeNanos: BigInt(Date.now()) * 1_000_000n,
    durationNanos: 0n,
    program: program(),
    comments: comments(),
    symbols: buckets.symbols,
    bucket: buckets.bucket,
    stack: buckets.stack,
    values: estimateHeap(buckets, sampled),
    bytesLabel: buckets.size.map((size, row) => (sampled[row * HEAP_VALUES] === 0 ? 0 : size)),
  };
}

/** What a reader has to know to trust the values. Nothing, usually. */
function comments(): string[] {
  const { observedShare, overflowedSamples } = stats();
  const lines = [];
  if (observedShare < 1) lines.push(`${(observedShare * 100).toFixed(0)}% of the samples were observed; allocations of the others are estimated`);
  if (overflowedSamples > 0) lines.push(`${overflowedSamples} samples are counted under (overflow): the tables are full`);
  return lines;
}

function heapText({ gc, debug }: { gc: boolean; debug: number }): string | undefined {
  if (debug === 0) return undefined;
  const memStats = readMemStats();
  const buckets = takeHeap({ gc });
  const sampled = sampledHeap(buckets);
  const rate = commonRate(buckets);
  const values = rate === undefined ? estimateHeap(buckets, sampled) : sampled;
  const column = (index: number): Float64Array => Float64Array.from(buckets.stack, (_, row) => values[row * HEAP_VALUES + index]!);
  return writeHeapText(
    {
      rate: rate ?? 1,
      symbols: buckets.symbols,
      stack: buckets.stack,
      allocObjects: column(0),
      allocBytes: column(1),
      inuseObjects: column(2),
      inuseBytes: column(3),
    },
    memStats,
  );
}

/**
 * The text lists what was sampled, and its readers unsample with the one rate in its header. That works while every
 * count is a whole number sampled at the present rate; otherwise the text lists estimates, as sampled at rate 1.
 */
function commonRate({ rate, unseen }: HeapBuckets): number | undefined {
  const current = memProfileRate();
  return rate.every((value) => value === current) && unseen.every((count) => count === 0) ? current : undefined;
}
