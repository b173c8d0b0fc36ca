import type { Symbols } from './columns';
import { alignTabs, cellOf, type Cell } from './tab-align';

/** The parts of text that a frame contributes. */
interface FrameText {
  address: string;
  cells: readonly Cell[];
}

const HASH = cellOf('#');

/** Writes stacks the way all of Go's text profiles show them. */
export class StackText {
  readonly #symbols: Symbols;
  /** Made once for a frame however many stacks it is in. */
  readonly #frames: FrameText[] = [];
  readonly #decoder = new TextDecoder();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /**
   * The addresses of a stack, leaf first, such as `0x1235 0x1337`: each one above that of the protobuf form, because
   * readers take them for return addresses and subtract one.
   */
  addresses(stack: number): string {
    return this.#framesOf(stack, ({ address }) => address).join(' ');
  }

  /** A line for each frame, leaf first, such as `#\t0x1234\tmain+0x0\t/app.js:1`; readers skip them. */
  lines(stack: number): string {
    return alignTabs(this.#framesOf(stack, ({ cells }) => cells));
  }

  #framesOf<T>(stack: number, part: (frame: FrameText) => T): T[] {
    const { frames, start } = this.#symbols.stacks;
    const parts = [];
    for (let i = start[stack]!; i < start[stack + 1]!; i++) {
      const row = frames[i]!;
      parts.push(part((this.#frames[row] ??= this.#frame(row))));
    }
    return parts;
  }

  #frame(row: number): FrameText {
    const { name, file, line, address } = this.#symbols.frames;
    const cells = [HASH, cellOf(hex(address[row]!))];
    if (name[row] !== 0) {
      const place = file[row] === 0 ? '?:0' : `${this.#text(file[row]!)}:${line[row]}`;
      cells.push(cellOf(`${this.#text(name[row]!)}+0x0`), cellOf(place));
    }
    return { address: hex(address[row]! + 1), cells };
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
