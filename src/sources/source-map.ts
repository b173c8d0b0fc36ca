import { readFileSync, statSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Positions in compiled scripts, and where their sources have them. Reads files while the thread waits: for a thread of its own,
 * or one that is about to end. It knows nothing of the rest of this package, which that thread does without.
 */

/** What a profile knows of a function at a place in a script; lines and columns from 1, 0 for unknown. */
export interface Place {
  functionName: string;
  line: number;
  column: number;
  startLine: number;
  /** 0 where that is the place itself, if anything. */
  startColumn: number;
}

/** The same in the source. */
export interface SourcePlace extends Omit<Place, 'startColumn'> {
  fileName: string;
}

/**
 * - `mapped`: has a map
 * - `unmapped`: names none, and has none beside it
 * - `missing`: names one that is not there
 * - `broken`: has one that is none, or is larger than MAX_BYTES
 */
export type ScriptState = 'mapped' | 'unmapped' | 'missing' | 'broken';

export interface MappedScript {
  state: ScriptState;
  /** For each place where it is in the source; undefined where the map does not say. */
  places: (SourcePlace | undefined)[];
}

/** Bytes of a script or map beyond which it is left alone: reading it takes some ten times as much memory. */
const MAX_BYTES = 128 * 2 ** 20;
/** Of the text before a function that is searched for its name. */
const NAME_REACH = 200;
/** Longer than any line. */
const LINE_END = 2 ** 30;

/** Looks up places of a script. */
export function mapScript(path: string, places: readonly Place[]): MappedScript {
  const none = (state: ScriptState): MappedScript => ({ state, places: places.map(() => undefined) });
  let script: Script;
  try {
    script = readScript(path);
  } catch {
    // It is not a file, or not there any more.
    return none('unmapped');
  }
  const { text, mapPath } = script;
  if (mapPath === undefined) return none('unmapped');
  let json: string;
  try {
    json = mapPath.startsWith('data:') ? decodeDataUrl(mapPath) : readSmall(mapPath);
  } catch (error) {
    return none((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'broken');
  }
  try {
    const folder = dirname(mapPath.startsWith('data:') ? path : mapPath);
    const map = new SourceMap(withPaths(JSON.parse(json.replace(/^\)\]\}'[^\n]*/, '')) as RawMap, folder));
    const lines = text.split('\n');
    return { state: 'mapped', places: places.map((place) => mapPlace(map, lines, place)) };
  } catch {
    return none('broken');
  }
}

interface Script {
  text: string;
  /** Path of its map, or a data URL that is the map. */
  mapPath: string | undefined;
}

function readScript(path: string): Script {
  const text = readSmall(path);
  const url = mapUrl(text);
  if (url === undefined) {
    const beside = `${path}.map`;
    return { text, mapPath: statSync(beside, { throwIfNoEntry: false }) === undefined ? undefined : beside };
  }
  if (url.startsWith('data:')) return { text, mapPath: url };
  // From elsewhere than this machine nothing is fetched.
  if (/^[a-z][a-z0-9+.-]+:/i.test(url)) return { text, mapPath: url.startsWith('file:') ? fileURLToPath(url) : join(dirname(path), url) };
  return { text, mapPath: resolve(dirname(path), decode(url)) };
}

/** The last `//# sourceMappingURL=` of a script, which is a comment of its own. */
function mapUrl(text: string): string | undefined {
  const at = text.lastIndexOf('sourceMappingURL=');
  if (at < 0) return undefined;
  const before = text.slice(Math.max(0, at - 5), at);
  if (!/(?:\/\/|\/\*)[#@]\s$/.test(before)) return undefined;
  const [url = ''] = /^[^\s'"*]*/.exec(text.slice(at + 'sourceMappingURL='.length))!;
  return url === '' ? undefined : url;
}

function readSmall(path: string): string {
  const found = statSync(path);
  // Scripts call themselves, and their maps, anything.
  if (!found.isFile() || found.size > MAX_BYTES) throw new RangeError('not a file, or too large');
  return readFileSync(path, 'utf8');
}

function decodeDataUrl(url: string): string {
  const comma = url.indexOf(',');
  const data = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(';base64') ? Buffer.from(data, 'base64').toString('utf8') : decodeURIComponent(data);
}

/** A path may have a percent sign that is just that. */
function decode(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** A map, or an index of maps. */
interface RawMap {
  sections?: { offset: { line: number; column: number }; map: RawMap }[];
  sources?: (string | null)[];
  sourceRoot?: string | null;
  mappings?: string;
}

/** With paths instead of what is relative to the map, and without the sources' text, which is most of it. */
function withPaths(map: RawMap, folder: string): SourceMapPayload {
  if (map.sections !== undefined) {
    return { ...map, sections: map.sections.map(({ offset, map }) => ({ offset, map: withPaths(map, folder) })) } as never;
  }
  const { sources, sourceRoot, mappings } = map;
  if (!Array.isArray(sources) || typeof mappings !== 'string') throw new TypeError('not a source map');
  const root = typeof sourceRoot === 'string' ? sourceRoot.replace(/([^/])$/, '$1/') : '';
  return { ...map, sourceRoot: '', sourcesContent: undefined, sources: sources.map((source) => (source ? pathOf(`${root}${source}`, folder) : '')) } as never;
}

/** Paths are relative to the map's; other URLs, such as webpack://app/./src/main.ts, stay what they are. */
function pathOf(source: string, folder: string): string {
  if (/^file:\/\//i.test(source)) {
    try {
      return fileURLToPath(source);
    } catch {
      return source;
    }
  }
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(source) ? source.replace(/\/(?:\.\/)+/g, '/') : resolve(folder, decode(source));
}

interface Entry {
  fileName: string;
  line: number;
  column: number;
  generatedColumn: number;
  name: string | undefined;
}

/** The mapping that a place, counted from 0, is in; of the same line alone. */
function entryAt(map: SourceMap, line: number, column: number): Entry | undefined {
  const entry = map.findEntry(line, column) as Partial<SourceMapping> & { name?: string };
  if (entry.generatedLine !== line || !entry.originalSource) return undefined;
  const { originalLine = 0, originalColumn = 0, generatedColumn = 0, name } = entry;
  return { fileName: entry.originalSource, line: originalLine + 1, column: originalColumn + 1, generatedColumn, name };
}

function mapPlace(map: SourceMap, lines: readonly string[], place: Place): SourcePlace | undefined {
  const { line, column, startLine, startColumn } = place;
  if (line === 0) return undefined;
  const textOf = (line: number): string => lines[line - 1] ?? '';
  // Where the function starts, if that is known: allocations have no other place.
  const isStart = line === startLine && column !== 0 && STARTS_FUNCTION.test(textOf(line).slice(column - 1, column + NAME_REACH));
  const start = startColumn !== 0 ? { line: startLine, column: startColumn } : isStart ? { line, column } : undefined;
  // A line that a sample is in says nothing where all of the function is in that line, or much of a program.
  const isCoarse = column === 0 && start !== undefined && startLine === line;
  const entry = isCoarse ? entryAt(map, start.line - 1, start.column - 1) : entryOf(map, textOf(line), line, column);
  if (entry === undefined) return undefined;
  const { fileName } = entry;
  const shown = { fileName, line: entry.line, column: column === 0 ? 0 : entry.column };
  if (start === undefined) {
    // The last thing in the line in which the function starts is likely to be its own.
    const first = startLine === 0 || startLine === line ? undefined : entryAt(map, startLine - 1, LINE_END);
    const isBefore = first !== undefined && first.fileName === fileName && first.line <= entry.line;
    return { ...shown, functionName: place.functionName, startLine: isBefore ? first.line : 0 };
  }
  const first = entryAt(map, start.line - 1, start.column - 1);
  return { ...shown, functionName: nameAt(map, textOf(start.line), start, place.functionName), startLine: first?.fileName === fileName ? first.line : 0 };
}

/**
 * What a function begins with, by V8: its parameters, or `async` before them, or `class`; what makes an object's fields, the body
 * of its class, or the first of them.
 */
const STARTS_FUNCTION = /^(?:[({]|async\b|class\b|[\w$]+\s*=>|[#\w$]+\s*[=;}])/;

/** Of a place whose column may be unknown: the first thing in the line, then. */
function entryOf(map: SourceMap, text: string, line: number, column: number): Entry | undefined {
  if (column !== 0) return entryAt(map, line - 1, column - 1);
  // Before the first token there may be nothing that is mapped.
  return entryAt(map, line - 1, text.length - text.trimStart().length) ?? entryAt(map, line - 1, LINE_END);
}

/** The function's name in the source: V8's, unless the map has another one for the same place. */
function nameAt(map: SourceMap, text: string, { line, column }: { line: number; column: number }, functionName: string): string {
  const name = nameBefore(text, column - 1, functionName);
  if (name === undefined) return functionName;
  const entry = entryAt(map, line - 1, name.column);
  return entry?.name === undefined || entry.generatedColumn !== name.column ? functionName : `${name.before}${entry.name}`;
}

/**
 * Where the name of a function is that begins at `column`, from 0, with its parameters: `function name(`, `name(`, `name = (`,
 * `name: function (` and the like; or with `class name`.
 */
function nameBefore(text: string, column: number, functionName: string): { column: number; before: string } | undefined {
  const [isClass = '', className] = /^class\s+([\w$]+)/.exec(text.slice(column, column + NAME_REACH)) ?? [];
  if (className !== undefined && className === functionName) return { column: column + isClass.length - className.length, before: '' };
  const from = Math.max(0, column - NAME_REACH);
  if (text.endsWith('constructor', column)) return className === undefined ? classNameBefore(text, from, column, functionName) : undefined;
  const found = /([\w$]+)\s*(?:[=:]\s*(?:async\s+)?(?:function\s*\*?\s*)?)?$/.exec(text.slice(from, column));
  if (found === null) return undefined;
  const [, name] = found;
  const before = functionName.slice(0, functionName.length - name!.length);
  // V8 says `get size`, and `Class.method` in some places.
  if (!functionName.endsWith(name!) || /[\w$]$/.test(before)) return undefined;
  return { column: from + found.index, before };
}

/** Of a constructor, which V8 calls as the class: `class name {` or `name = class {`, if it is not far before. */
function classNameBefore(text: string, from: number, to: number, functionName: string): { column: number; before: string } | undefined {
  const all = [...text.slice(from, to).matchAll(/class\s+([\w$]+)|([\w$]+)\s*=\s*class\b/g)];
  const found = all.reverse().find(([, declared, assigned]) => (declared ?? assigned) === functionName);
  return found && { column: from + found.index + found[0].indexOf(functionName, found[1] === undefined ? 0 : 'class'.length), before: '' };
}
