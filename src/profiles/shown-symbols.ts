import type { Symbols } from '../pprof/columns';
import { pruneSymbols } from '../pprof/prune-symbols';
import { inSteps, type Steps } from '../pprof/steps';
import { mayBeMapped, sourceOptions, sourcePlace, WantedPlaces } from '../sources/places';
import type { Place } from '../sources/source-map';
import { plainPaths, trimPaths } from './file-paths';
import { decodeString } from './symbolize';

/** Symbols with the names, files and lines that people know: paths, and those of the sources where that is asked for. */
export function* shownSymbols(symbols: Symbols): Steps<Symbols> {
  const { sourceMaps, trimPath } = sourceOptions();
  const plain = yield* plainPaths(symbols);
  const mapped = sourceMaps ? yield* inSources(plain) : plain;
  return trimPath === undefined ? mapped : yield* trimPaths(mapped, trimPath);
}

function* inSources(symbols: Symbols): Steps<Symbols> {
  const { strings, frames, stacks } = symbols;
  const { name, file, line, column, startLine, startColumn } = frames;
  /** By the row of the file. */
  const paths = new Map<number, string | undefined>();
  const pathOf = (row: number): string | undefined => {
    if (!paths.has(row)) paths.set(row, scriptPath(decodeString(strings, row)));
    return paths.get(row);
  };
  const placeOf = (frame: number): Place => ({
    functionName: decodeString(strings, name[frame]!),
    line: line[frame]!,
    column: column[frame]!,
    startLine: startLine[frame]!,
    startColumn: startColumn?.[frame] ?? 0,
  });
  const wanted = new WantedPlaces();
  yield* inSteps(name.length, (from, to) => {
    for (let frame = from; frame < to; frame++) {
      const path = pathOf(file[frame]!);
      if (path !== undefined) wanted.add(path, placeOf(frame));
    }
  });
  yield wanted.wait();

  const added = new AddedStrings(strings.start.length - 1);
  const mapped = { ...frames, name: name.slice(), file: file.slice(), line: line.slice(), column: column.slice(), startLine: startLine.slice() };
  yield* inSteps(name.length, (from, to) => {
    for (let frame = from; frame < to; frame++) {
      const path = pathOf(file[frame]!);
      const place = path === undefined ? undefined : sourcePlace(path, placeOf(frame));
      if (place === undefined) continue;
      mapped.name[frame] = added.row(place.functionName);
      mapped.file[frame] = added.row(place.fileName);
      mapped.line[frame] = place.line;
      mapped.column[frame] = place.column;
      mapped.startLine[frame] = place.startLine;
    }
  });
  if (added.isEmpty()) return symbols;
  const inSource = { strings: added.addTo(strings), frames: mapped, stacks };
  // Names that no frame has any more are left out. Without stacks, it is the frames that somebody asks for.
  const count = stacks.start.length - 1;
  return count === 0 ? inSource : (yield* pruneSymbols(inSource, Uint32Array.from({ length: count }, (_, stack) => stack))).symbols;
}

/** The path of what may be a script with a map. */
function scriptPath(name: string): string | undefined {
  return /^(?:\/|[a-z]:[\\/]|\\\\)/i.test(name) && mayBeMapped(name) ? name : undefined;
}

/** Strings that come after those that are there. */
class AddedStrings {
  readonly #before: number;
  readonly #rows = new Map<string, number>();

  constructor(before: number) {
    this.#before = before;
  }

  row(text: string): number {
    let row = this.#rows.get(text);
    if (row === undefined) this.#rows.set(text, (row = this.#before + this.#rows.size));
    return row;
  }

  isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  addTo({ bytes, start }: Symbols['strings']): Symbols['strings'] {
    const texts = [...this.#rows.keys()].map((text) => Buffer.from(text));
    const newStart = new Uint32Array(start.length + texts.length);
    newStart.set(start);
    texts.forEach((text, i) => (newStart[start.length + i] = newStart[start.length + i - 1]! + text.length));
    const newBytes = new Uint8Array(newStart.at(-1)!);
    newBytes.set(bytes);
    texts.forEach((text, i) => newBytes.set(text, newStart[start.length + i - 1]));
    return { bytes: newBytes, start: newStart };
  }
}
