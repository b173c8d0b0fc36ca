/**
 * A profile as plain objects, one interface for each message of proto/profile.proto, which explains the fields.
 * Fields described there as strings are rows of `stringTable`.
 */

/** A 64-bit integer: a number where that is exact (up to 2^53 - 1 either way), a bigint beyond. */
export type Int64 = number | bigint;

export interface Profile {
  sampleType: ValueType[];
  sample: Sample[];
  mapping: Mapping[];
  location: Location[];
  function: Func[];
  /** Row 0 is the empty string. */
  stringTable: string[];
  dropFrames: Int64;
  keepFrames: Int64;
  timeNanos: Int64;
  durationNanos: Int64;
  /** Absent where the profile has none. */
  periodType?: ValueType;
  period: Int64;
  comment: Int64[];
  defaultSampleType: Int64;
  docUrl: Int64;
}

export interface ValueType {
  type: Int64;
  unit: Int64;
}

export interface Sample {
  locationId: Int64[];
  value: Int64[];
  label: Label[];
}

export interface Label {
  key: Int64;
  str: Int64;
  num: Int64;
  numUnit: Int64;
}

export interface Mapping {
  id: Int64;
  memoryStart: Int64;
  memoryLimit: Int64;
  fileOffset: Int64;
  filename: Int64;
  buildId: Int64;
  hasFunctions: boolean;
  hasFilenames: boolean;
  hasLineNumbers: boolean;
  hasInlineFrames: boolean;
}

export interface Location {
  id: Int64;
  mappingId: Int64;
  address: Int64;
  line: Line[];
  isFolded: boolean;
}

export interface Line {
  functionId: Int64;
  line: Int64;
  column: Int64;
}

/** The format's Function message; the name avoids the global of JavaScript. */
export interface Func {
  id: Int64;
  name: Int64;
  systemName: Int64;
  filename: Int64;
  startLine: Int64;
}

/** A message to be written: what is left out is 0, false or empty, as in the format itself. */
export type Init<T> = T extends readonly (infer U)[]
  ? readonly Init<U>[]
  : T extends object
    ? { readonly [K in keyof T]?: Init<T[K]> }
    : T;
