/** A profile as flat columns: what the native side hands over and the encoders read, without an object per row. */

/** One row per distinct string. Row 0 is always the empty string. */
export interface StringColumns {
  /** All strings, UTF-8, one after the other. */
  bytes: Uint8Array;
  /** Row r occupies bytes[start[r]] up to bytes[start[r + 1]]; one entry more than there are strings. */
  start: Uint32Array;
}

/** One row per distinct frame: a function at a position. */
export interface FrameColumns {
  /** String row of the function's name. */
  name: Uint32Array;
  /** String row of the script's file name or URL; 0 where there is none. */
  file: Uint32Array;
  /** 1-based line of the place, for allocations that at which the function starts; 0 when unknown. */
  line: Uint32Array;
  /** 1-based column of the place; 0 when unknown. */
  column: Uint32Array;
  /** 1-based line at which the function starts; 0 when unknown. */
  startLine: Uint32Array;
  /** 1-based column at which it does, in that line; only for CPU samples, where the place is another one. */
  startColumn?: Uint32Array;
  /** Even, non-zero 48-bit hash of all of the above: the same in every process. */
  address: Float64Array;
}

/** One row per distinct stack. */
export interface StackColumns {
  /** Frame rows, leaf first. Every stack has at least one. */
  frames: Uint32Array;
  /** Stack s occupies frames[start[s]] up to frames[start[s + 1]]; one entry more than there are stacks. */
  start: Uint32Array;
}

/** Strings, frames and stacks that the samples of one snapshot refer to. Only what is referred to is in it. */
export interface Symbols {
  strings: StringColumns;
  frames: FrameColumns;
  stacks: StackColumns;
}

/** A pprof ValueType in words, such as `{ type: 'inuse_space', unit: 'bytes' }`. */
export interface ValueType {
  type: string;
  unit: string;
}

/** Text labels: which set of them each sample has. */
export interface LabelColumns {
  /** Distinct sets, keys and values. Neither is ever empty. Row 0 is the set without labels. */
  sets: readonly Readonly<Record<string, string>>[];
  /** Row of each sample's set. */
  set: Uint32Array;
}

/** Everything the protobuf encoder needs to write one profile. */
export interface ProfileColumns {
  /** What each value of a sample means, in the order written. */
  sampleTypes: readonly ValueType[];
  /** Name from sampleTypes that a viewer opens first; the viewer's own default (the last) when absent. */
  defaultSampleType?: string;
  periodType: ValueType;
  /** In units of periodType; 0 leaves the field out. */
  period: number;
  /** Wall clock at which the profile was taken, in nanoseconds since the epoch. */
  timeNanos: bigint;
  /** Length of the window in nanoseconds; 0 for cumulative profiles and snapshots. */
  durationNanos: bigint;
  /** File name of the one mapping: the program's entry script. */
  program: string;
  /** Free text, at most two entries. */
  comments: readonly string[];
  symbols: Symbols;
  /** Identity of each sample within this process, equal in every snapshot; what a delta is matched by. */
  bucket: Uint32Array;
  /** Stack row of each sample. */
  stack: Uint32Array;
  /** Values of the samples, row-major: sampleTypes.length integers a sample, negative ones allowed. */
  values: Float64Array;
  /** Numeric label `bytes` of each sample, 0 for a sample without it; absent where the kind has no such label. */
  bytesLabel?: Float64Array;
  /** Absent where no sample has any. Samples that differ in their labels alone have different buckets. */
  labels?: LabelColumns;
}

/**
 * A profile whose stacks are yet to be looked up: in `stack` are numbers that mean something to whoever has taken it.
 */
export type ProfileRows = Omit<ProfileColumns, 'symbols'>;

/** What a profile has for each of its samples. */
export type Samples = Pick<ProfileRows, 'sampleTypes' | 'bucket' | 'stack' | 'values' | 'bytesLabel' | 'labels'>;
