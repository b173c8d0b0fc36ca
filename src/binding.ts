import { loadBinary } from './load-binary';
import type { CpuSamples, GcLog, HeapBuckets, NativeStats, PendingAwaitColumns, WaitBuckets } from './native-results';

/** Stands in a row of ThreadSamples for no stack. */
export const IDLE = 0xffffffff;

/** Buckets are of one of these types. The numbers are the native part's. */
export const BucketType = { heap: 0, block: 1, mutex: 2 } as const;
export type BucketType = (typeof BucketType)[keyof typeof BucketType];

/** A V8 private symbol. TypeScript has no name for it; as a property key it behaves like a symbol. */
export type PrivateKey = symbol;

interface Native {
  /** State by its name, which copies of this package in this thread share; see src/threads/thread-state.ts. */
  readonly threadState: Record<string, object>;
  /** The version of this package that was the first to claim the thread: this one, if it is. */
  claimThread(version: string): string;
  /** Starts sampling, anew if it is running. False when V8's one sampler per thread is somebody else's. */
  startHeapSampler(rate: number, stackDepth: number, budget: number): boolean;
  stopHeapSampler(): void;
  collectGarbage(): void;
  /** Has other threads do so, or one; the result says whether all have that there are still. */
  collectOtherGarbage(thread: number | undefined): () => boolean;
  /** See native/near_heap_limit.h; anew if it is waited for already. The time goes between the two parts of the path. */
  dumpNearHeapLimit(prefix: string, suffix: string, program: string, isWorker: boolean): void;
  stopNearHeapLimit(): void;
  /** Without a thread, those of all. */
  takeHeapBuckets(thread: number | undefined): HeapBuckets;
  takeWaitBuckets(type: BucketType, thread: number | undefined): WaitBuckets;
  /** Numbers of the threads that have loaded this binary and are alive. */
  listThreads(): Uint32Array;
  /**
   * Has `arrived` called, in a turn of this thread's event loop that it does not wait for, when other threads have posted
   * something; not again before that has been taken.
   */
  openMailbox(arrived: () => void): void;
  /** Whether that thread has a mailbox with room for these bytes; then it gets them. */
  post(to: number, bytes: Uint8Array): boolean;
  /** What has been posted to this thread, the oldest first. */
  takeMail(): Uint8Array[];
  /** Numbers of the threads that have a mailbox. */
  listMailboxes(): Uint32Array;
  /** Sets what a setting is in all threads that share theirs. */
  publishSetting(name: string, value: Uint8Array): void;
  /** Settings that have changed after that version, in order; versions begin with 1. */
  settingsSince(version: number): { version: number; name: string; value: Uint8Array }[];
  /**
   * What the numbers of stacks, frames and strings stand for never changes, so it is copied in pieces: for the rows `from`
   * up to `to`, into arrays that are there. First start[row + 1], from start[row] on.
   */
  measureStacks(stacks: Uint32Array, from: number, to: number, start: Uint32Array): void;
  measureStrings(strings: Uint32Array, from: number, to: number, start: Uint32Array): void;
  /** Then what lies between them: numbers of frames, leaf first, or bytes. */
  copyStacks(stacks: Uint32Array, from: number, to: number, start: Uint32Array, frames: Uint32Array): void;
  copyStrings(strings: Uint32Array, from: number, to: number, start: Uint32Array, bytes: Uint8Array): void;
  /** Name and file are numbers of strings, the rest is as in FrameColumns. */
  copyFrames(
    frames: Uint32Array,
    from: number,
    to: number,
    name: Uint32Array,
    file: Uint32Array,
    line: Uint32Array,
    column: Uint32Array,
    startLine: Uint32Array,
    address: Float64Array,
  ): void;
  /**
   * Gives the numbers `from` up to `to` rows, in the order in which they come, and writes these to the same places of
   * `into`. row[n] is the row of number n, plus 1, and number[r] the number of row r, of which there are `count`.
   *
   * @returns how many there are now
   */
  numberRows(numbers: Uint32Array, from: number, to: number, into: Uint32Array, row: Uint32Array, number: Uint32Array, count: number): number;
  /** Rows of those strings that file[from] up to file[to] are and that begin as URLs of files. `seen` is 1 for the strings looked at. */
  findFileUrls(file: Uint32Array, from: number, to: number, seen: Uint8Array, bytes: Uint8Array, start: Uint32Array): Uint32Array;
  /**
   * Rows of ProfileColumns as fields of a pprof profile. `bytesName` is the row of the string `bytes`; set s of the labels
   * has the pairs of string rows from setStart[s] up to setStart[s + 1].
   */
  encodeSamples(
    from: number,
    to: number,
    stack: Uint32Array,
    start: Uint32Array,
    frames: Uint32Array,
    values: Float64Array,
    width: number,
    bytesLabel: Float64Array | undefined,
    bytesName: number,
    set: Uint32Array | undefined,
    setStart: Uint32Array | undefined,
    pairs: Uint32Array | undefined,
  ): Uint8Array;
  /**
   * Locations, and the functions that no frame before them is of. Strings but the empty one are `stringsBefore` rows further
   * down. All of `slots`, whose length is a power of two above the number of frames, and of `before`, one longer than the
   * columns, is 0 in the first call and left alone between calls, which go through the rows in order.
   */
  encodeFrames(
    from: number,
    to: number,
    name: Uint32Array,
    file: Uint32Array,
    stringsBefore: number,
    line: Uint32Array,
    column: Uint32Array,
    startLine: Uint32Array,
    address: Float64Array,
    slots: Uint32Array,
    before: Uint32Array,
  ): Uint8Array;
  encodeStrings(from: number, to: number, bytes: Uint8Array, start: Uint32Array): Uint8Array;
  /**
   * Records of a text profile, for the rows order[from] up to order[to]: what `format` says, in which %0 to %9 stand for the
   * record's values, addresses, labels, and the lines of its stack. Set s of the labels has the bytes from labelStart[s] up
   * to labelStart[s + 1].
   */
  encodeRecords(
    from: number,
    to: number,
    format: string,
    order: Uint32Array,
    stack: Uint32Array,
    values: Float64Array,
    width: number,
    set: Uint32Array | undefined,
    labelBytes: Uint8Array | undefined,
    labelStart: Uint32Array | undefined,
    start: Uint32Array,
    frames: Uint32Array,
    name: Uint32Array,
    file: Uint32Array,
    line: Uint32Array,
    address: Float64Array,
    bytes: Uint8Array,
    stringStart: Uint32Array,
  ): Uint8Array;
  /** Buckets of a type, up to date for this thread. */
  countBuckets(type: BucketType): number;
  /** The number of a frame, -1 when the table is full. Lines and columns from 1, 0 when unknown. */
  internFrame(name: string, file: string, line: number, column: number, startLine: number): number;
  /** The number of a text that stands for a set of labels, as for strings; -1 for one too long or when the table is full. */
  internLabels(text: string): number;
  /** Counts a wait at a stack of such numbers, leaf first, with such labels or 0. The delay is in nanoseconds. */
  recordWait(type: BucketType, frames: Int32Array, labels: number, count: number, delay: number): void;
  /** The process-wide number of a stack of such frames, at least one; that of `(overflow)` when the table is full. */
  internStack(frames: Int32Array): number;
  /** An object with one property for each name, whose value is a key: `object[key]` is seen by nobody else. */
  newPrivateKeys<Name extends string>(...names: Name[]): Record<Name, PrivateKey>;
  isPending(promise: object): boolean;
  /** See native/promise_probe.h. */
  armProbe(): (promise: object, job: () => void) => void;
  runProbe(): void;
  /** The number of a tracker, for each caller one. */
  newTurnTracker(): number;
  /**
   * Has cell[0], cell[2] and cell[3] set to 0 whenever the microtasks of a turn have run, and the first two elements of
   * `remembered` to undefined unless cell[0] was 0; and cell[1] increased at every mark reached.
   */
  trackTurns(tracker: number, cell: Float64Array, remembered: unknown[]): void;
  stopTrackingTurns(tracker: number): void;
  /** A function that does all three, and is on no stack: see native/wrap_call.h, also for a call's `args`. */
  wrapCall<Call extends object>(
    before: (...args: unknown[]) => Call | undefined,
    callback: (...args: never[]) => unknown,
    after: (call: Call, result: unknown) => void,
  ): (...args: never[]) => unknown;
  /** Anything may be passed for array and index: what is no shared memory is not waited for. 0 then; -1 for too many. */
  beginAtomicsWait(array: unknown, index: unknown, timeoutMs: number, blocksThread: boolean): number;
  /** No wait of this thread that has begun is under way any more, or is to be known of. */
  endAllAtomicsWaits(): void;
  endAtomicsWait(array: unknown, index: unknown, ticket: number): void;
  /** Nanoseconds that the waits about to be ended, `most` at most, have lasted together. */
  notifyAtomicsWaiters(array: unknown, index: unknown, most: number): number;
  /** Sets a mark behind the microtasks queued now. */
  markMicrotasks(tracker: number): void;
  /** The number of a sample of awaits, for each caller one; see native/pending_awaits.h. */
  newPendingAwaits(): number;
  /** Has what is noted in the list taken over and cleared; `cell` has countdown, elements in use, one in so many. */
  startPendingAwaits(sample: number, list: unknown[], labels: unknown[], cell: Float64Array): void;
  stopPendingAwaits(sample: number): void;
  collectPendingAwaits(sample: number): void;
  takePendingAwaits(sample: number): PendingAwaitColumns;
  /** Every pending promise that somebody waits for, or has waited for. Stops the thread for a second per 100 MB of heap. */
  listWaitedForPromises(): object[];
  /** Has V8 look for all code there is, which takes a walk through the heap, and take note of new code from then on. */
  keepCpuProfiler(): void;
  /** Ends that, unless a window is open. */
  releaseCpuProfiler(): void;
  /** Likewise in all other threads that have not asked for it. */
  releaseOtherCpuProfilers(): void;
  /**
   * Opens a window of the CPU profiler, with so many samples of each thread at most: of one thread, or, for -1, of all. Its
   * number; 0 where it could not be opened.
   */
  openCpuWindow(maxSamples: number, thread: number): number;
  /** Has all threads close their part of the window, which others do as soon as they can. */
  closeCpuWindow(window: number): void;
  isCpuWindowClosed(window: number): boolean;
  /** Of the windows that are open and in which this thread takes part, the number of each and since when, by monotonicNanos(). */
  listCpuWindows(): Float64Array;
  takeCpuWindow(window: number): CpuSamples;
  /** Closes a window that nobody wants to know of any more. */
  discardCpuWindow(window: number): void;
  /**
   * Times of the samples of this thread taken since the last call, while a window is open; as in ThreadSamples. The first call of the first
   * window asks for what follows, and gives none.
   */
  takeCpuTimes(): Float64Array;
  /** Ends that: the next call is again a first one. */
  endCpuTimes(): void;
  /** That code of this thread uses labels. */
  noteLabels(): void;
  monotonicNanos(): number;
  /** CPU time this thread has used. */
  threadCpuNanos(): number;
  getStats(): NativeStats;
  getGcLog(): GcLog;
}

/** The only door to the native part. Arguments are not checked behind it. */
export const native = loadBinary() as Native;
