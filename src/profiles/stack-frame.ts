import type { Symbols } from '../pprof/columns';
import { decodeString } from './symbolize';

/** One function on a call stack. */
export interface StackFrame {
  /** `(anonymous)` where V8 has no name; `(GC)` and the like for what is outside any function. */
  functionName: string;
  /** Path of the script; empty where there is none. */
  fileName: string;
  /**
   * 1-based line: of the await or the call for waits; for allocations, of which V8 records no more, that at which the
   * function starts. 0 when unknown.
   */
  line: number;
  /** 1-based column of the same place; 0 when unknown. */
  column: number;
  /** 1-based line at which the function starts; 0 when unknown. */
  startLine: number;
}

/** Stacks as objects; a frame that occurs in several stacks is the same object in all of them. */
export function stackReader({ strings, frames, stacks }: Symbols): (stack: number) => StackFrame[] {
  const known: StackFrame[] = [];
  const read = (row: number): StackFrame => ({
    functionName: decodeString(strings, frames.name[row]!),
    fileName: decodeString(strings, frames.file[row]!),
    line: frames.line[row]!,
    column: frames.column[row]!,
    startLine: frames.startLine[row]!,
  });
  return (stack) => Array.from(stacks.frames.subarray(stacks.start[stack], stacks.start[stack + 1]), (row) => (known[row] ??= read(row)));
}
