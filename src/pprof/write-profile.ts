import type { FrameColumns, ProfileColumns, StackColumns, ValueType } from './columns';
import { finish, inSteps, type Steps } from './steps';
import { WireWriter } from './wire';

/** A field's tag: for a number, and for a message, a string or packed numbers. */
const number = (field: number): number => field << 3;
const block = (field: number): number => (field << 3) | 2;

/**
 * Pyroscope takes the first string of the table that looks like some language's file name for the language of the whole
 * profile, and a method called `Router.go` looks like Go. So one that looks like ours comes first. It is not the
 * program, which may be a .mjs or .ts. It is referred to, as keep_frames, because Alloy blanks strings that are not;
 * keep_frames does nothing while there is no drop_frames.
 */
const LANGUAGE = 'node.js';

/** Bytes after which the rest goes to another chunk, so that nothing large ever has to be copied in one go. */
const CHUNK = 2 ** 18;
/** Samples in one step: a stack may have hundreds of frames. */
const SAMPLES = 64;

/** Writes a profile as protobuf, not gzipped, all at once. */
export function writeProfile(columns: ProfileColumns): Uint8Array {
  const chunks = finish(writeProfileChunks(columns));
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * The same in steps, and in chunks to be put in a row. The tables keep the order of the columns: location i + 1 is frame
 * i, and the columns' strings follow the few that are added here.
 */
export function* writeProfileChunks(columns: ProfileColumns): Steps<Uint8Array[]> {
  const output = new Output();
  const { writer } = output;
  const { strings, frames, stacks } = columns.symbols;
  const added = new StringRows();
  const keepFrames = added.row(LANGUAGE);
  // The sample types come first in the bytes too: Perfetto recognises a profile by its first field.
  for (const type of columns.sampleTypes) writeType(writer, 1, added, type);
  yield* writeSamples(output, columns, stacks, added);
  writeHeader(output.writer, columns, added, keepFrames);
  // No string is added from here on, so the rows of the columns' strings are known.
  yield* writeFrames(output, frames, added.all.length - 1);
  for (const text of added.all) {
    output.writer.uint32(block(6));
    output.writer.string(text);
  }
  yield* inSteps(strings.start.length - 1, (from, to) => {
    const { writer } = output;
    // Row 0 is the empty string, which is among the added ones.
    for (let i = Math.max(1, from); i < to; i++) {
      writer.uint32(block(6)).bytes(strings.bytes.subarray(strings.start[i], strings.start[i + 1]));
    }
    output.split();
  });
  return output.finish();
}

/** Where a message's fields go. A chunk ends between two of them. */
class Output {
  writer = new WireWriter();
  readonly #chunks: Uint8Array[] = [];

  /** To be called now and then, between two fields. */
  split(): void {
    if (this.writer.pos >= CHUNK) this.#next();
  }

  finish(): Uint8Array[] {
    this.#next();
    return this.#chunks;
  }

  #next(): void {
    this.#chunks.push(this.writer.take());
    this.writer = new WireWriter();
  }
}

function writeHeader(writer: WireWriter, columns: ProfileColumns, added: StringRows, keepFrames: number): void {
  writeMapping(writer, added.row(columns.program));
  writeType(writer, 11, added, columns.periodType);
  for (const comment of columns.comments) writer.uint32(number(13)).uint32(added.row(comment));
  if (columns.defaultSampleType !== undefined) writeNumber(writer, 14, added.row(columns.defaultSampleType));
  writeNumber(writer, 8, keepFrames);
  writer.uint32(number(9));
  writer.int64(columns.timeNanos);
  if (columns.durationNanos !== 0n) {
    writer.uint32(number(10));
    writer.int64(columns.durationNanos);
  }
  writeNumber(writer, 12, columns.period);
}

/** Strings that are not in the columns, in the order in which they were asked for. */
class StringRows {
  readonly all = [''];
  readonly #rows = new Map([['', 0]]);

  row(text: string): number {
    let row = this.#rows.get(text);
    if (row === undefined) {
      row = this.all.push(text) - 1;
      this.#rows.set(text, row);
    }
    return row;
  }
}

function writeNumber(writer: WireWriter, field: number, value: number): void {
  if (value !== 0) {
    writer.uint32(number(field));
    writer.int64(value);
  }
}

function writeType(writer: WireWriter, field: number, strings: StringRows, { type, unit }: ValueType): void {
  writer.uint32(block(field)).fork();
  writeNumber(writer, 1, strings.row(type));
  writeNumber(writer, 2, strings.row(unit));
  writer.ldelim();
}

function* writeSamples(output: Output, columns: ProfileColumns, stacks: StackColumns, strings: StringRows): Steps<void> {
  const { stack, values, bytesLabel, labels } = columns;
  const bytesKey = bytesLabel === undefined ? 0 : strings.row('bytes');
  const labelRows = labels?.sets.map((set) => Object.entries(set).map((label) => label.map((text) => strings.row(text))));
  const width = columns.sampleTypes.length;
  const writeSample = (writer: WireWriter, i: number): void => {
    writer.uint32(block(2)).fork();
    writer.uint32(block(1)).fork();
    const end = stacks.start[stack[i]! + 1]!;
    for (let j = stacks.start[stack[i]!]!; j < end; j++) writer.uint32(stacks.frames[j]! + 1);
    writer.ldelim();
    writer.uint32(block(2)).fork();
    for (let j = i * width; j < (i + 1) * width; j++) writer.int64(values[j]!);
    writer.ldelim();
    if (bytesLabel !== undefined && bytesLabel[i] !== 0) {
      writer.uint32(block(3)).fork();
      writeNumber(writer, 1, bytesKey);
      writeNumber(writer, 3, bytesLabel[i]!);
      writer.ldelim();
    }
    for (const [key, text] of labelRows?.[labels!.set[i]!] ?? []) {
      writer.uint32(block(3)).fork();
      writeNumber(writer, 1, key!);
      writeNumber(writer, 2, text!);
      writer.ldelim();
    }
    writer.ldelim();
  };
  yield* inSteps(stack.length, (from, to) => {
    for (let i = from; i < to; i++) writeSample(output.writer, i);
    output.split();
  }, SAMPLES);
}

/** All code is in one mapping that covers no addresses: nothing is left for a viewer to resolve. */
function writeMapping(writer: WireWriter, filename: number): void {
  writer.uint32(block(3)).fork();
  writeNumber(writer, 1, 1);
  writeNumber(writer, 5, filename);
  for (const hasField of [7, 8, 9]) writer.uint32(number(hasField)).bool(true);
  writer.ldelim();
}

/** Writes one location for each frame, and one function for all frames of the same name, file and first line. */
function* writeFrames(output: Output, frames: FrameColumns, offset: number): Steps<void> {
  const row = (string: number): number => (string === 0 ? 0 : string + offset);
  const functions = new Map<string, number>();
  const writeFrame = (writer: WireWriter, i: number): void => {
    const key = `${frames.name[i]} ${frames.file[i]} ${frames.startLine[i]}`;
    let id = functions.get(key);
    if (id === undefined) {
      id = functions.size + 1;
      functions.set(key, id);
      writer.uint32(block(5)).fork();
      writeNumber(writer, 1, id);
      // No system_name: pprof takes a name that is also the system's for a mangled one and rewrites `<anonymous>`.
      writeNumber(writer, 2, row(frames.name[i]!));
      writeNumber(writer, 4, row(frames.file[i]!));
      writeNumber(writer, 5, frames.startLine[i]!);
      writer.ldelim();
    }
    writer.uint32(block(4)).fork();
    writeNumber(writer, 1, i + 1);
    writeNumber(writer, 2, 1);
    writeNumber(writer, 3, frames.address[i]!);
    writer.uint32(block(4)).fork();
    writeNumber(writer, 1, id);
    writeNumber(writer, 2, frames.line[i]!);
    writeNumber(writer, 3, frames.column[i]!);
    writer.ldelim();
    writer.ldelim();
  };
  yield* inSteps(frames.name.length, (from, to) => {
    for (let i = from; i < to; i++) writeFrame(output.writer, i);
    output.split();
  });
}
