import { clearTimeout, setTimeout } from 'node:timers';
import type { Wait } from '../pprof/steps';
import { threadState } from '../threads/thread-state';
import type * as readerThread from './reader-thread';
import type * as sourceMap from './source-map';
import type { MappedScript, Place, ScriptState, SourcePlace } from './source-map';

/* Where functions are in their sources, as far as this thread has asked: each place of a script is looked up once. */

/** How a profile shows files; see StartOptions. */
export interface SourceOptions {
  sourceMaps: boolean;
  trimPath: string | undefined;
}

interface KnownScript {
  /** Undefined until the first answer. */
  state?: ScriptState;
  /** By keyOf(). Undefined: asked for; null: the map does not say. */
  readonly places: Map<string, SourcePlace | null | undefined>;
  /** The latest question. */
  answering?: Promise<void>;
}

interface PlacesState {
  options: SourceOptions;
  readonly scripts: Map<string, KnownScript>;
  /** Of all scripts. */
  places: number;
  lost: number;
  /** States of which a warning has told. */
  readonly warned: Set<ScriptState>;
}

const state = threadState('sources', (): PlacesState => ({
  options: { sourceMaps: false, trimPath: undefined },
  scripts: new Map(),
  places: 0,
  lost: 0,
  warned: new Set(),
}));

/** Milliseconds that a profile waits for; what comes later is in the next one. */
const PATIENCE_MS = 2000;
/** Twice as many as there can be frames; a place takes some 300 bytes. */
const MAX_PLACES = 2 ** 17;
/** Programs that compile templates, say, may give each a name of its own. */
const MAX_SCRIPTS = 2 ** 16;

export function sourceOptions(): SourceOptions {
  return state.options;
}

export function setSourceOptions({ sourceMaps, trimPath }: SourceOptions): void {
  state.options = { sourceMaps, trimPath };
}

/** The source maps' part of stats(). */
export interface SourceStats {
  /** Scripts whose source maps this thread has read. */
  sourceMaps: number;
  /** Scripts that name a source map that is not there. */
  missingSourceMaps: number;
  /** Scripts whose source map could not be read, or is larger than 128 MiB. */
  brokenSourceMaps: number;
  /** Places in scripts that have not been looked up, because too many have been. */
  lostSourcePlaces: number;
}

export function sourceStats(): SourceStats {
  const counts: Record<ScriptState, number> = { mapped: 0, unmapped: 0, missing: 0, broken: 0 };
  for (const script of state.scripts.values()) if (script.state !== undefined) counts[script.state]++;
  return { sourceMaps: counts.mapped, missingSourceMaps: counts.missing, brokenSourceMaps: counts.broken, lostSourcePlaces: state.lost };
}

/** Whether something might be known of its places. */
export function mayBeMapped(path: string): boolean {
  const known = state.scripts.get(path)?.state;
  return known === undefined || known === 'mapped';
}

/** Where it is in the source; undefined where that is not known, or not yet. */
export function sourcePlace(path: string, place: Place): SourcePlace | undefined {
  return state.scripts.get(path)?.places.get(keyOf(place)) ?? undefined;
}

/** Places that a profile has, by script. */
export class WantedPlaces {
  readonly #wanted = new Map<string, Place[]>();
  readonly #asked = new Set<Promise<void>>();

  add(path: string, place: Place): void {
    let script = state.scripts.get(path);
    if (script === undefined) {
      if (state.scripts.size === MAX_SCRIPTS) {
        state.lost++;
        return;
      }
      state.scripts.set(path, (script = { places: new Map() }));
    }
    const key = keyOf(place);
    if (script.places.has(key)) {
      if (script.answering !== undefined) this.#asked.add(script.answering);
      return;
    }
    if (state.places >= MAX_PLACES) {
      state.lost++;
      return;
    }
    const wanted = this.#wanted.get(path);
    if (wanted === undefined) this.#wanted.set(path, [place]);
    else wanted.push(place);
  }

  /** To be waited for before they can be found; undefined when they can be. */
  wait(): Wait | undefined {
    const wanted = [...this.#wanted];
    if (wanted.length === 0 && this.#asked.size === 0) return undefined;
    return {
      until: () => {
        for (const [path, places] of wanted) this.#asked.add(ask(path, noted(path, places)));
        return withPatience(Promise.all(this.#asked));
      },
      now: () => {
        const { mapScript } = require('./source-map') as typeof sourceMap;
        for (const [path, places] of wanted) learn(path, places, mapScript(path, noted(path, places)));
      },
    };
  }
}

/** From now on they are asked for, unless the profile has been given up before. */
function noted(path: string, places: readonly Place[]): readonly Place[] {
  const script = state.scripts.get(path)!;
  for (const place of places) {
    const key = keyOf(place);
    if (!script.places.has(key)) state.places++;
    script.places.set(key, script.places.get(key));
  }
  return places;
}

function ask(path: string, places: readonly Place[]): Promise<void> {
  const script = state.scripts.get(path)!;
  // Loaded by programs that ask for source maps alone.
  const { readInThread } = require('./reader-thread') as typeof readerThread;
  const answering = readInThread(path, places).then((answer) => {
    learn(path, places, answer ?? { state: 'broken', places: [] });
    if (script.answering === answering) delete script.answering;
  });
  return (script.answering = answering);
}

function learn(path: string, places: readonly Place[], answer: MappedScript): void {
  const script = state.scripts.get(path)!;
  script.state = answer.state;
  if (answer.state === 'mapped') {
    places.forEach((place, i) => script.places.set(keyOf(place), answer.places[i] ?? null));
    return;
  }
  state.places -= script.places.size;
  script.places.clear();
  warn(path, answer.state);
}

/** The first of a kind is worth a line; the others are counted. Packages come without their maps all the time. */
function warn(path: string, kind: ScriptState): void {
  if (kind === 'unmapped' || state.warned.has(kind) || path.includes('node_modules')) return;
  state.warned.add(kind);
  process.emitWarning(`mprof: the source map of ${path} is ${kind}; stats() counts such scripts`, { code: 'MPROF_SOURCE_MAP' });
}

function keyOf({ functionName, line, column, startLine, startColumn }: Place): string {
  return `${line}:${column}:${startLine}:${startColumn}:${functionName}`;
}

/** Until it is settled, or not any more. */
function withPatience(settled: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    void settled.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
