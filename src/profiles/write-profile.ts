import { native } from '../binding';
import type { FrameColumns, ProfileColumns, StackColumns, StringColumns, ValueType } from '../pprof/columns';
import { rowsWith, startsOf } from '../pprof/starts';
import { inSteps, type Steps } from '../pprof/steps';
import type * as wire from '../pprof/wire';

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

/**
 * Rows that are encoded in one step, and into one chunk. Compiled code takes some 100 ns for each; and a few for each frame
 * of a sample, which may have hundreds.
 */
const ROWS = 2048;
const FRAMES = 2 ** 16;

/**
 * Writes a profile as protobuf, not gzipped, in steps, and in chunks to be put in a row. The tables keep the order of the columns: location i + 1 is frame
 * i, and the columns' strings follow the few that are added here.
 */
export function* writeProfileChunks(columns: ProfileColumns): Steps<Uint8Array[]> {
  // With protobufjs it takes a fifth of what loading this package does, which threads that nobody asks for a profile do without.
  const { WireWriter } = require('../pprof/wire') as typeof wire;
  const chunks: Uint8Array[] = [];
  const write = (fields: (writer: wire.WireWriter) => void): void => {
    const writer = new WireWriter();
    fields(writer);
    chunks.push(writer.take());
  };
  const { strings, frames, stacks } = columns.symbols;
  const added = new StringRows();
  const keepFrames = added.row(LANGUAGE);
  // The sample types come first in the bytes too: Perfetto recognises a profile by its first field.
  write((writer) => {
    for (const type of columns.sampleTypes) writeType(writer, 1, added, type);
  });
  yield* encodeSamples(columns, stacks, added, chunks);
  write((writer) => writeHeader(writer, columns, added, keepFrames));
  // No string is added from here on, so the rows of the columns' strings are known.
  yield* encodeFrames(frames, added.all.length - 1, chunks);
  write((writer) => {
    for (const text of added.all) {
      writer.uint32(block(6));
      writer.string(text);
    }
  });
  yield* encodeStrings(strings, chunks);
  return chunks;
}

function writeHeader(writer: wire.WireWriter, columns: ProfileColumns, added: StringRows, keepFrames: number): void {
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

function writeNumber(writer: wire.WireWriter, field: number, value: number): void {
  if (value !== 0) {
    writer.uint32(number(field));
    writer.int64(value);
  }
}

function writeType(writer: wire.WireWriter, field: number, strings: StringRows, { type, unit }: ValueType): void {
  writer.uint32(block(field)).fork();
  writeNumber(writer, 1, strings.row(type));
  writeNumber(writer, 2, strings.row(unit));
  writer.ldelim();
}

function* encodeSamples(columns: ProfileColumns, stacks: StackColumns, added: StringRows, chunks: Uint8Array[]): Steps<void> {
  const { stack, values, sampleTypes, bytesLabel, labels } = columns;
  const bytesName = bytesLabel === undefined ? 0 : added.row('bytes');
  const sets = labels?.sets.map((set) => Object.entries(set).flatMap((label) => label.map((text) => added.row(text))));
  const pairs = sets && Uint32Array.from(sets.flat());
  const setStart = sets && startsOf(sets);
  yield* inSteps(stack.length, (from, to) => {
    chunks.push(
      native.encodeSamples(
        from, to, stack, stacks.start, stacks.frames, values, sampleTypes.length, bytesLabel, bytesName, labels?.set, setStart, pairs,
      ),
    );
  }, rowsWith(FRAMES, ROWS, stacks.start));
}

/** All code is in one mapping that covers no addresses: nothing is left for a viewer to resolve. */
function writeMapping(writer: wire.WireWriter, filename: number): void {
  writer.uint32(block(3)).fork();
  writeNumber(writer, 1, 1);
  writeNumber(writer, 5, filename);
  for (const hasField of [7, 8, 9]) writer.uint32(number(hasField)).bool(true);
  writer.ldelim();
}

/** One location for each frame, and one function for all frames of the same name, file and first line. */
function* encodeFrames(frames: FrameColumns, stringsBefore: number, chunks: Uint8Array[]): Steps<void> {
  const { name, file, line, column, startLine, address } = frames;
  // What the native side keeps of the functions from step to step: a hash table, and how many there are before each frame.
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * name.length + 1)));
  const before = new Uint32Array(name.length + 1);
  yield* inSteps(name.length, (from, to) => {
    chunks.push(native.encodeFrames(from, to, name, file, stringsBefore, line, column, startLine, address, slots, before));
  }, ROWS);
}

/** Row 0 is the empty string, which is among the added ones. */
function* encodeStrings({ bytes, start }: StringColumns, chunks: Uint8Array[]): Steps<void> {
  yield* inSteps(start.length - 1, (from, to) => {
    chunks.push(native.encodeStrings(Math.max(1, from), to, bytes, start));
  }, ROWS);
}
