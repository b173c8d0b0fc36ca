import type { FrameColumns, ProfileColumns, StackColumns, ValueType } from './columns';
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

/**
 * Writes a profile as protobuf, not gzipped. The tables keep the order of the columns: location i + 1 is frame i, and
 * the columns' strings follow the few that are added here.
 */
export function writeProfile(columns: ProfileColumns): Uint8Array {
  const writer = new WireWriter();
  const { strings, frames, stacks } = columns.symbols;
  const added = new StringRows();
  const keepFrames = added.row(LANGUAGE);
  // The sample types come first in the bytes too: Perfetto recognises a profile by its first field.
  for (const type of columns.sampleTypes) writeType(writer, 1, added, type);
  writeSamples(writer, columns, stacks, added);
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
  // No string is added from here on, so the rows of the columns' strings are known.
  const offset = added.all.length - 1;
  writeFrames(writer, frames, offset);
  for (const text of added.all) {
    writer.uint32(block(6));
    writer.string(text);
  }
  for (let i = 1; i + 1 < strings.start.length; i++) {
    writer.uint32(block(6)).bytes(strings.bytes.subarray(strings.start[i], strings.start[i + 1]));
  }
  return writer.take();
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

function writeSamples(writer: WireWriter, columns: ProfileColumns, stacks: StackColumns, strings: StringRows): void {
  const { stack, values, bytesLabel, labels } = columns;
  const bytesKey = bytesLabel === undefined ? 0 : strings.row('bytes');
  const labelRows = labels?.sets.map((set) => Object.entries(set).map((label) => label.map((text) => strings.row(text))));
  const width = columns.sampleTypes.length;
  for (let i = 0; i < stack.length; i++) {
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
  }
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
function writeFrames(writer: WireWriter, frames: FrameColumns, offset: number): void {
  const row = (string: number): number => (string === 0 ? 0 : string + offset);
  const functions = new Map<string, number>();
  for (let i = 0; i < frames.name.length; i++) {
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
  }
}
