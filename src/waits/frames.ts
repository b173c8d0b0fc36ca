import { native } from '../binding';
import type { CallSite } from './capture';
import { isOwnScript } from './own-scripts';

/** Distinct places remembered; forgetting them costs only looking them up again. */
const MAX_KNOWN = 1 << 16;

/** Numbers of the frames met so far, by script and by position in it, or by name where there is no script. */
const known = new Map<string, Map<number | string, number>>();
let size = 0;
/** Numbers of frames in this package's scripts, and of those in what comes with Node.js and V8. */
const own = new Set<number>();
const builtIn = new Set<number>();

/** The process-wide number of a frame, -1 where the table is full. Its names are read only at the first meeting. */
export function frameNumber(site: CallSite): number {
  const file = site.getFileName() ?? '';
  // The position of a builtin means nothing, and for Promise.all is the element's index.
  const place = file === '' ? nameOf(site) : site.getPosition();
  return lookUp(file, place, () => {
    const name = nameOf(site);
    if (file === '') return native.internFrame(name, '', 0, 0, 0);
    return native.internFrame(name, file, site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0, site.getEnclosingLineNumber());
  });
}

/** Whether a stack of such frames is this package's doing: one of nobody else's frames, but for those of Node.js and V8. */
export function isOwnStack(frames: readonly number[]): boolean {
  return frames.every((frame) => own.has(frame) || builtIn.has(frame)) && frames.some((frame) => own.has(frame));
}

/** The number of a frame that stands for no code, such as what was waited for. */
export function labelNumber(label: string): number {
  return lookUp('', label, () => native.internFrame(label, '', 0, 0, 0));
}

function nameOf(site: CallSite): string {
  // Of builtins, only Promise's combinators are asynchronous callers.
  if (site.isAsync() && site.getFileName() === null) return `Promise.${site.getFunctionName() ?? 'all'}`;
  return site.getFunctionName() ?? '(anonymous)';
}

function lookUp(file: string, place: number | string, intern: () => number): number {
  let places = known.get(file);
  if (places === undefined) known.set(file, (places = new Map()));
  let number = places.get(place);
  if (number === undefined) {
    number = intern();
    noteOwner(number, file);
    if (size++ > MAX_KNOWN) {
      known.clear();
      size = 0;
    }
    places.set(place, number);
  }
  return number;
}

function noteOwner(number: number, file: string): void {
  // It stands for any frame there is no room for.
  if (number < 0) return;
  if (isOwnScript(file)) own.add(number);
  else if (file === '' || file.startsWith('node:')) builtIn.add(number);
}
