import { fileURLToPath } from 'node:url';
import type { Symbols } from '../pprof/columns';
import { decodeString } from './symbolize';

const SCHEME = new TextEncoder().encode('file://');

/** ES modules are named by URL, CommonJS modules by path: gives all of them paths. Other URLs stay what they are. */
export function plainPaths(symbols: Symbols): Symbols {
  const { strings, frames } = symbols;
  const paths = new Map<number, Uint8Array>();
  for (const row of new Set(frames.file)) {
    if (!startsWith(strings.bytes, strings.start[row]!, SCHEME)) continue;
    const path = toPath(decodeString(strings, row));
    if (path !== undefined) paths.set(row, new TextEncoder().encode(path));
  }
  return paths.size === 0 ? symbols : { ...symbols, strings: replaceRows(strings, paths) };
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => bytes[at + i] === byte);
}

/** Undefined for what only looks like a file's URL; a script can call itself anything. */
function toPath(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function replaceRows({ bytes, start }: Symbols['strings'], replacements: Map<number, Uint8Array>): Symbols['strings'] {
  const parts = Array.from({ length: start.length - 1 }, (_, row) => replacements.get(row) ?? bytes.subarray(start[row], start[row + 1]));
  const newStart = new Uint32Array(start.length);
  parts.forEach((part, row) => (newStart[row + 1] = newStart[row]! + part.length));
  const newBytes = new Uint8Array(newStart[parts.length]!);
  parts.forEach((part, row) => newBytes.set(part, newStart[row]));
  return { bytes: newBytes, start: newStart };
}
