import type { Writable } from 'node:stream';
import type { ProfileRows } from '../pprof/columns';
import type { PrunedSymbols } from '../pprof/prune-symbols';
import type { Steps } from '../pprof/steps';
import type { ShownByThread } from './shown-by-thread';

/** How a profile is written. */
export interface ProfileOptions {
  /** 0: gzipped protobuf. Other values: the legacy text, where the profile has one for that value. */
  debug?: number;
  /**
   * Run a full garbage collection first, in each thread, so that the profile is up to date. Threads that are not at it within
   * a second are waited for no longer. Heap only.
   */
  gc?: boolean;
  /**
   * List every pending await, whenever it began, and whether waits are profiled or not. Goroutine only. It stops the thread
   * for about a second per 100 MB of heap, and V8 forgets what it has learned to optimise code with; see
   * StartOptions.fullGoroutineLimit. Default false.
   */
  full?: boolean;
  /**
   * Keep within the limits of collectors (see setProfileLimits): what is left out is counted under `(other)`. Default
   * false; over HTTP it is the default.
   */
  limited?: boolean;
  /**
   * One thread alone, by its threadId, 0 for the main thread. Default: all threads, for the goroutine profile the one that
   * asks. Not for threadcreate and custom profiles.
   */
  thread?: number;
  /** Gives the profile up, and what it takes to make; the promise then rejects with an AbortError or the signal's reason. */
  signal?: AbortSignal;
}

/** The window of a delta. */
export interface DeltaOptions {
  /** Length in seconds. */
  seconds: number;
  /** Keep within the limits of collectors, as in ProfileOptions. Default false. */
  limited?: boolean;
  /** As in ProfileOptions. */
  thread?: number;
  /** Ends it early, without a profile; the promise then rejects with an AbortError or the signal's reason. */
  signal?: AbortSignal;
  /** Whether the wait keeps the process alive. Default true. */
  ref?: boolean;
}

/** How the data of a profile are taken. */
export interface TakeOptions {
  gc: boolean;
  /** See ProfileOptions. */
  full?: boolean;
  /** Of a thread that there is; undefined for all. */
  thread: number | undefined;
  /** An earlier profile of the same kind: its samples are to be there even where nothing is left of them. */
  since?: ProfileRows;
}

/** A profile as it was at one moment, with as much as possible left to be done later, in steps. */
export interface Snapshot {
  rows(): Steps<ProfileRows>;
  /** The symbols of stacks of the rows, and where in them each stack is. */
  lookUp(stack: Uint32Array): Steps<PrunedSymbols>;
}

/** What one kind of profile has to provide; everything else is the same for all kinds. */
export interface ProfileSource {
  /** Go's name of the profile, the last element of its URL. */
  readonly name: string;
  /** One sentence for the index page. */
  readonly description: string;
  /** Whether it is taken now and at which rate, in a few words. A source without it is always on. */
  state?(): string;
  /** Rows a reader would get now, as the index page counts them. */
  count(): number;
  /** The profile, taken at the moment of the call. */
  take(options: TakeOptions): Snapshot;
  /**
   * The legacy text in chunks, of data taken at the moment of the call, or undefined where this value of debug asks for
   * the protobuf.
   */
  text(options: TakeOptions & { debug: number; limited: boolean }): Steps<Uint8Array[]> | undefined;
  /** Whether there is one for each thread. */
  readonly byThread?: boolean;
  /** Where a profile of several threads is to be up to date: brings the other ones' part of it up to date. */
  refresh?(thread: number | undefined): Promise<void>;
  /** Where a thread has to be asked: what its answer provides. */
  ofThread?(thread: number, options: { full: boolean }): Promise<ProfileSource>;
  /** Where the values only grow from profile to profile: which stacks the ones for collectors show. */
  readonly shown?: ShownByThread;
}

/** A profile of the whole process under the name Go gives it. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  count(): number;
  /** Whether it is taken now and at which rate, in a few words; empty for a profile that is always on. */
  state(): string;
  /** The encoded profile. The data is what it was at the call; encoding and compression follow. */
  toBuffer(options?: ProfileOptions): Promise<Uint8Array>;
  /**
   * The same as protobuf, of all threads, without giving way: for a process that is about to end, such as in an `exit`
   * listener. It blocks the thread for as long as encoding and compression take, some milliseconds per thousand stacks. With `gc`,
   * this thread collects garbage first.
   */
  toBufferSync(options?: Pick<ProfileOptions, 'gc'>): Uint8Array;
  /** Writes the encoded profile to a stream, which is left open, or to a file, which appears complete or not at all. */
  writeTo(destination: Writable | string, options?: ProfileOptions): Promise<void>;
  /** What changed within the next so many seconds, as protobuf. */
  delta(options: DeltaOptions): Promise<Uint8Array>;
}
