import type { Symbols } from './columns';
import { alignTabs } from './tab-align';

/** Writes stacks the way all of Go's text profiles show them. */
export class StackText {
  readonly #symbols: Symbols;
  /** The cells of each frame's line, made once for a frame however many stacks it is in. */
  readonly #cells: (readonly string[])[] = [];
  readonly #decoder = new TextDecoder();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /**
   * The addresses of a stack, leaf first, such as `0x1235 0x1337`: each one above that of the protobuf form, because
   * readers take them for return addresses and subtract one.
   */
  addresses(stack: number): string {
    return Array.from(this.#frames(stack), (frame) => hex(this.#symbols.frames.address[frame]! + 1)).join(' ');
  }

  /** A line for each frame, leaf first, such as `#\t0x1234\tmain+0x0\t/app.js:1`; readers skip them. */
  lines(stack: number): string {
    return alignTabs(Array.from(this.#frames(stack), (frame) => (this.#cells[frame] ??= this.#cellsOf(frame))));
  }

  #frames(stack: number): Uint32Array {
    const { frames, start } = this.#symbols.stacks;
    return frames.subarray(start[stack], start[stack + 1]);
  }

  #cellsOf(frame: number): readonly string[] {
    const { name, file, line, address } = this.#symbols.frames;
    const call = hex(address[frame]!);
    if (name[frame] === 0) return ['#', call];
    const place = file[frame] === 0 ? '?:0' : `${this.#text(file[frame]!)}:${line[frame]}`;
    return ['#', call, `${this.#text(name[frame]!)}+0x0`, place];
  }

  /**
   * A string with spaces for the characters that end a line or a cell. Go's aligner would also trip over a byte 0xff;
   * decoding has made that U+FFFD.
   */
  #text(row: number): string {
    const { bytes, start } = this.#symbols.strings;
    return this.#decoder.decode(bytes.subarray(start[row], start[row + 1])).replace(/[\t\n\v\f\r]/g, ' ');
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
