import { dirname, sep } from 'node:path';
import { createContext, runInContext } from 'node:vm';

/** What V8 tells about one frame of an error's stack. */
export interface CallSite {
  getFunctionName(): string | null;
  getTypeName(): string | null;
  getFileName(): string | null;
  getPosition(): number;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  getEnclosingLineNumber(): number;
  isAsync(): boolean;
  isPromiseAll(): boolean;
  isPromiseAny?(): boolean;
}

interface CaptureError {
  new (): { stack: unknown };
  stackTraceLimit: number;
  prepareStackTrace: (error: unknown, sites: CallSite[]) => string;
}

/**
 * Captures stacks in a realm of its own, whose Error is nobody else's: the program's Error.prepareStackTrace is not
 * called, and its Error.stackTraceLimit neither applies nor changes.
 */
export class StackCapture {
  readonly #Error: CaptureError;
  #sites: CallSite[] = [];

  constructor() {
    this.#Error = runInContext('Error', createContext(Object.create(null))) as CaptureError;
    this.#Error.prepareStackTrace = (_, sites) => {
      this.#sites = sites;
      return '';
    };
  }

  /** The present stack, leaf first, up to `limit` frames: synchronous ones, then asynchronous callers. */
  take(limit: number): CallSite[] {
    this.#Error.stackTraceLimit = limit;
    // Formatted at once: an unformatted stack keeps the receivers of its calls alive.
    void new this.#Error().stack;
    const sites = this.#sites;
    this.#sites = [];
    return sites;
  }
}

const OWN_FILES = dirname(__filename) + sep;

/** Whether a frame is of this folder: what captures stacks must not appear in them. */
export function isOwn(site: CallSite): boolean {
  return site.getFileName()?.startsWith(OWN_FILES) ?? false;
}
