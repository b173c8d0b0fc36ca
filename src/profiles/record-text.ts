import { native } from '../binding';
import type { LabelColumns, Symbols } from '../pprof/columns';
import { labelLine } from '../pprof/label-text';
import { rowsWith, startsOf } from '../pprof/starts';
import { inSteps, type Steps } from '../pprof/steps';

/** What Go's text profiles have records of. */
export interface TextRecords {
  symbols: Symbols;
  /** Stack row of each record. */
  stack: Uint32Array;
  /** Whole numbers, as many for each record, one record after the other. */
  values: Float64Array;
  /** Absent where no record has any. */
  labels?: LabelColumns | undefined;
  /** What a reader has to know, in lines below the header. */
  comments?: readonly string[];
}

/** Frames in one step and one chunk: each is a line of about a hundred bytes. */
const FRAMES = 1024;
const RECORDS = 1024;

/**
 * Text in UTF-8, in chunks to be put in a row: `head`, a record for each row of `order`, and `tail`. A record is what
 * `format` says, where %0 to %9 stand for its values; then the addresses of its stack, such as ` @ 0x1235 0x1337`; its
 * labels; and a line for each frame, such as `#\t0x1234\tmain+0x0\t/app.js:1`, aligned with tabs as Go aligns them.
 */
export function* writeRecords(
  head: string,
  format: string,
  order: Uint32Array,
  { symbols, stack, values, labels }: TextRecords,
  tail = '',
): Steps<Uint8Array[]> {
  const { strings, frames, stacks } = symbols;
  const lines = labels?.sets.map((set) => Buffer.from(labelLine(set)));
  const labelStart = lines && startsOf(lines);
  const labelBytes = lines && Buffer.concat(lines);
  const chunks: Uint8Array[] = [Buffer.from(head)];
  yield* inSteps(order.length, (from, to) => {
    chunks.push(
      native.encodeRecords(
        from, to, format, order, stack, values, values.length / stack.length, labels?.set, labelBytes, labelStart,
        stacks.start, stacks.frames, frames.name, frames.file, frames.line, frames.address, strings.bytes, strings.start,
      ),
    );
  }, rowsWith(FRAMES, RECORDS, stacks.start));
  chunks.push(Buffer.from(tail));
  return chunks;
}
