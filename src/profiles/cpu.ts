import { checkBoolean, checkNumber, checkObject } from '../checks';
import { countTicks, PERIOD } from '../cpu/ticks';
import { sampleCpu, type LabelledSamples } from '../cpu/window';
import type { Labels } from '../labels/labels';
import type { LabelColumns, ProfileRows } from '../pprof/columns';
import { pruneSymbols, type PrunedSymbols } from '../pprof/prune-symbols';
import { inSteps, type Steps } from '../pprof/steps';
import { runInSlices } from '../slices';
import { checkThread, threadComment } from '../threads/known-threads';
import { random } from '../waits/chance';
import { compress } from './chunks';
import { encodeRows } from './encode-rows';
import { program } from './program';
import { ShownStacks } from './shown-stacks';
import { shownSymbols } from './shown-symbols';

/** How to take a CPU profile. */
export interface CpuProfileOptions {
  /** For how long, in seconds, up to 3600. Default 30. */
  seconds?: number;
  /** Ends it early, without a profile; the promise then rejects with an AbortError. */
  signal?: AbortSignal;
  /** Whether it keeps the process alive. Default true. */
  ref?: boolean;
  /** One thread alone, by its threadId, 0 for the main thread. Default: all that have loaded this package. */
  thread?: number;
  /** Keep within the limits of collectors, as in ProfileOptions. Default false. */
  limited?: boolean;
}

/** Threads that a comment names. */
const MAX_NAMED = 20;
/** An hour: all samples of a window are kept until its end. */
export const MAX_SECONDS = 3600;

/**
 * Samples what the threads do for so many seconds, and resolves to the profile, gzipped: one sample for every 10 ms of CPU
 * time they use, as Go's. Any number of profiles may be under way at a time, each with its own window, up to 32. Threads
 * take part that have loaded this package or do so meanwhile, and that end meanwhile; those that are profiled together with
 * this one have labels, unless they have ended.
 *
 * @throws TypeError or RangeError for bad options; RangeError `ERR_MPROF_UNKNOWN_THREAD`; Error `ERR_MPROF_CPU_PROFILER` when too many are under way; AbortError
 */
export async function cpuProfile(options: CpuProfileOptions = {}): Promise<Uint8Array> {
  checkObject('options', options);
  const { seconds = 30, signal, ref = true, thread, limited = false } = options;
  checkNumber('seconds', seconds, (value) => value > 0 && value <= MAX_SECONDS, `a number above 0 and at most ${MAX_SECONDS}`);
  checkBoolean('ref', ref);
  checkBoolean('limited', limited);
  checkThread(thread);
  const samples = await sampleCpu({ seconds, signal, ref, thread });
  return compress(await runInSlices(encode(samples, thread, limited), signal), signal);
}

function* encode(samples: LabelledSamples, thread: number | undefined, limited: boolean): Steps<Uint8Array[]> {
  const groups = yield* groupTicks(samples);
  const symbols = yield* shownSymbols(samples.symbols);
  const rows: ProfileRows = {
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: PERIOD,
    timeNanos: samples.timeNanos,
    durationNanos: BigInt(Math.round(samples.duration)),
    program: program(),
    comments: comments(samples, thread),
    bucket: groups.bucket,
    stack: groups.stack,
    values: groups.values,
    ...(groups.labels && { labels: groups.labels }),
  };
  const lookUp = (stack: Uint32Array): Steps<PrunedSymbols> => pruneSymbols(symbols, stack);
  return yield* encodeRows({ lookUp }, rows, limited ? new ShownStacks({ once: true }) : undefined);
}

interface Groups {
  /** The row: in a profile of its own nothing else is met again. */
  bucket: Uint32Array;
  stack: Uint32Array;
  /** As often as they were seen, and the CPU time that stands for. */
  values: Float64Array;
  labels: LabelColumns | undefined;
}

/** Adds up the samples of one stack and one set of labels, in the order in which they were first seen. */
function* groupTicks({ threads, labels }: LabelledSamples): Steps<Groups> {
  const sets: Labels[] = [{}];
  const setRows = new Map<string, number>([['[]', 0]]);
  const rowOf = (set: Labels | undefined): number => {
    if (set === undefined) return 0;
    const key = JSON.stringify(Object.entries(set).sort());
    const row = setRows.get(key) ?? sets.push(set) - 1;
    setRows.set(key, row);
    return row;
  };
  const groups = new Map<string, { stack: number; set: number; count: number }>();
  for (const [thread, samples] of threads.entries()) {
    const ticks = countTicks(samples, random());
    yield* inSteps(ticks.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const count = ticks[i]!;
        if (count === 0) continue;
        const stack = samples.stack[i]!;
        const set = rowOf(labels[thread]!.labels[i]);
        const key = `${stack} ${set}`;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { stack, set, count });
        else group.count += count;
      }
    });
  }
  const bucket = new Uint32Array(groups.size);
  const stack = new Uint32Array(groups.size);
  const values = new Float64Array(2 * groups.size);
  const set = new Uint32Array(groups.size);
  const all = groups.values();
  yield* inSteps(groups.size, (from, to) => {
    for (let row = from; row < to; row++) {
      const group = all.next().value!;
      bucket[row] = row;
      stack[row] = group.stack;
      set[row] = group.set;
      values[2 * row] = group.count;
      values[2 * row + 1] = group.count * PERIOD;
    }
  });
  return { bucket, stack, values, labels: sets.length === 1 ? undefined : { sets, set } };
}

function comments({ threads, missing, dropped, labels }: LabelledSamples, thread: number | undefined): string[] {
  const lines = [];
  if (thread !== undefined) lines.push(threadComment(thread) + (missing > 0 ? '; it did not answer, and its time is not known' : ''));
  else if (threads.length > 1 || missing > 0 || dropped > 0) {
    const numbers = threads.slice(0, MAX_NAMED).map(({ thread }) => thread);
    const more = threads.length > MAX_NAMED ? ` and ${threads.length - MAX_NAMED} more` : '';
    const silent = missing > 0 ? `; ${missing} more did not answer, and their time is not in it` : '';
    const unkept = dropped > 0 ? `; ${dropped} more have ended and had done too much to be kept, which is not in it` : '';
    lines.push(`threads ${numbers.join(', ')}${more}${silent}${unkept}`);
  }
  const lost = labels.reduce((sum, { lost }) => sum + lost, 0);
  if (lost > 0) lines.push(`the labels of ${lost} samples are not known: they changed too often, or their thread has not told them`);
  return lines;
}
