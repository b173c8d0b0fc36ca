import { Reader, Writer } from 'protobufjs/minimal';
import { codedError } from '../errors';
import type { Int64 } from './message';

// How protobufjs represents 64-bit integers depends on a setting that every package in the process shares. These two
// classes settle it for our own messages alone: generated code reads and writes through whatever it is handed.

/**
 * How much a profile may hold, counted in packed numbers; every field counts as eight. Enough for 400,000 samples of 18
 * frames. Messages of two bytes become objects of 250: input made of those is refused at about a gigabyte of memory.
 */
const MAX_SIZE = 1 << 25;
const FIELD_SIZE = 8;

interface ReaderBase extends Pick<Reader, 'buf' | 'pos' | 'len' | 'discardUnknown'> {
  tag(): number;
  size(): number;
}

const BaseReader = Reader as unknown as new (bytes: Uint8Array) => ReaderBase;

/** Reads 64-bit integers as Int64, and gives up on input that is made to exhaust memory. */
export class WireReader extends BaseReader {
  #size = 0;
  /** Bits 49 to 63 of the varint read last. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.discardUnknown = true;
  }

  override tag(): number {
    this.#grow(FIELD_SIZE);
    return super.tag();
  }

  uint64(): Int64 {
    const low = this.#varint();
    return this.#high < 16 ? low + this.#high * 2 ** 49 : BigInt(low) + (BigInt(this.#high) << 49n);
  }

  int64(): Int64 {
    const low = this.#varint();
    const high = this.#high < 2 ** 14 ? this.#high : this.#high - 2 ** 15;
    const number = low + high * 2 ** 49;
    return Number.isSafeInteger(number) ? number : BigInt(low) + (BigInt(high) << 49n);
  }

  uint64s(values: Int64[]): void {
    for (const end = this.#packedEnd(); this.pos < end; this.#grow(1)) values.push(this.uint64());
  }

  int64s(values: Int64[]): void {
    for (const end = this.#packedEnd(); this.pos < end; this.#grow(1)) values.push(this.int64());
  }

  #grow(size: number): void {
    this.#size += size;
    if (this.#size > MAX_SIZE) {
      throw codedError('ERR_MPROF_PROFILE_TOO_LARGE', 'The profile is too large to be held as objects');
    }
  }

  #packedEnd(): number {
    const end = this.size() + this.pos;
    if (end > this.len || (end > this.pos && this.buf[end - 1]! > 127)) throw this.#truncated();
    return end;
  }

  /** Reads a varint and returns bits 0 to 48, as many as fit a double together with what uint64 and int64 add. */
  #varint(): number {
    let low = 0;
    this.#high = 0;
    for (let i = 0, factor = 1; i < 10; i++, factor *= 128) {
      if (this.pos >= this.len) throw this.#truncated();
      const byte = this.buf[this.pos++]!;
      if (i < 7) low += (byte & 127) * factor;
      else this.#high |= ((byte & 127) << (7 * i - 49)) & 0x7fff;
      if (byte < 128) return low;
    }
    throw codedError('ERR_MPROF_INVALID_PROFILE', `The number before byte ${this.pos} is longer than 64 bits`);
  }

  #truncated(): Error {
    return codedError('ERR_MPROF_INVALID_PROFILE', `The data ends within a number at byte ${this.pos}`);
  }
}

interface WriterBase extends Pick<Writer, 'pos' | 'uint32' | 'bool' | 'bytes' | 'fork' | 'ldelim' | 'finish'> {
  uint64(value: Int64 | { low: number; high: number }): this;
}

const BaseWriter = Writer as unknown as new () => WriterBase;

const encoder = new TextEncoder();

const [MIN_INT64, MAX_INT64, MAX_UINT64] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Writes Int64s, and strings as valid UTF-8: lone surrogates become U+FFFD. */
export class WireWriter extends BaseWriter {
  override uint64(value: Int64): this {
    if (typeof value === 'number' && value === value >>> 0) return this.#uint32(value);
    return this.#varint(value, 0n, MAX_UINT64);
  }

  int64(value: Int64): this {
    if (typeof value === 'number' && value === value >>> 0) return this.#uint32(value);
    return this.#varint(value, MIN_INT64, MAX_INT64);
  }

  uint64s(values: readonly Int64[]): this {
    this.fork();
    for (const value of values) this.uint64(value);
    this.ldelim();
    return this;
  }

  int64s(values: readonly Int64[]): this {
    this.fork();
    for (const value of values) this.int64(value);
    this.ldelim();
    return this;
  }

  string(text: string): this {
    this.bytes(encoder.encode(text));
    return this;
  }

  /** All that was written, in memory of its own, which may be transferred to another thread. */
  take(): Uint8Array {
    return this.finish(true).slice();
  }

  #uint32(value: number): this {
    this.uint32(value);
    return this;
  }

  #varint(value: Int64, min: bigint, max: bigint): this {
    if (typeof value === 'bigint' && value >= min && value <= max) return super.uint64(halves(value));
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return super.uint64(value);
    throw codedError('ERR_MPROF_OUT_OF_RANGE', `Expected an integer from ${min} to ${max}, not ${String(value)}`);
  }
}

function halves(value: bigint): { low: number; high: number } {
  return { low: Number(BigInt.asUintN(32, value)), high: Number(BigInt.asUintN(32, value >> 32n)) };
}
