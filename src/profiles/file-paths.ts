import { fileURLToPath } from 'node:url';
import { native } from '../binding';
import type { Symbols } from '../pprof/columns';
import { inSteps, type Steps } from '../pprof/steps';
import { decodeString } from './symbolize';

/** Frames looked at in one step, which takes compiled code some nanoseconds each; there are far fewer files. */
const FRAMES = 2048;

/** ES modules are named by URL, CommonJS modules by path: gives all of them paths. Other URLs stay what they are. */
export function* plainPaths(symbols: Symbols): Steps<Symbols> {
  const { strings, frames } = symbols;
  const paths = new Map<number, Uint8Array>();
  const seen = new Uint8Array(strings.start.length);
  yield* inSteps(frames.file.length, (from, to) => {
    for (const row of native.findFileUrls(frames.file, from, to, seen, strings.bytes, strings.start)) {
      const path = toPath(decodeString(strings, row));
      if (path !== undefined) paths.set(row, new TextEncoder().encode(path));
    }
  }, FRAMES);
  return paths.size === 0 ? symbols : { ...symbols, strings: yield* replaceRows(strings, paths) };
}

/** Files in the folder are named as seen from there. */
export function* trimPaths(symbols: Symbols, folder: string): Steps<Symbols> {
  const { strings, frames } = symbols;
  const prefix = new TextEncoder().encode(folder.replace(/[/\\]*$/, '/'));
  const paths = new Map<number, Uint8Array>();
  yield* inSteps(frames.file.length, (from, to) => {
    for (const row of frames.file.subarray(from, to)) {
      const path = strings.bytes.subarray(strings.start[row], strings.start[row + 1]);
      if (prefix.every((byte, i) => path[i] === byte || (byte === SLASH && path[i] === BACKSLASH))) paths.set(row, path.subarray(prefix.length));
    }
  });
  return paths.size === 0 ? symbols : { ...symbols, strings: yield* replaceRows(strings, paths) };
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/** Undefined for what only looks like a file's URL; a script can call itself anything. */
function toPath(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function* replaceRows({ bytes, start }: Symbols['strings'], replacements: Map<number, Uint8Array>): Steps<Symbols['strings']> {
  const count = start.length - 1;
  const part = (row: number): Uint8Array => replacements.get(row) ?? bytes.subarray(start[row], start[row + 1]);
  const newStart = new Uint32Array(start.length);
  yield* inSteps(count, (from, to) => {
    for (let row = from; row < to; row++) newStart[row + 1] = newStart[row]! + part(row).length;
  });
  const newBytes = new Uint8Array(newStart[count]!);
  yield* inSteps(count, (from, to) => {
    for (let row = from; row < to; row++) newBytes.set(part(row), newStart[row]);
  });
  return { bytes: newBytes, start: newStart };
}
