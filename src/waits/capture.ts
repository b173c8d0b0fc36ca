import { createContext, runInContext } from 'node:vm';

/** What V8 tells about one frame of an error's stack. */
export interface CallSite {
  getFunctionName(): string | null;
  getFileName(): string | null;
  getPosition(): number;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  getEnclosingLineNumber(): number;
  isAsync(): boolean;
}

interface CaptureError {
  captureStackTrace(target: object, above: (...args: never[]) => unknown): void;
  stackTraceLimit: number;
  prepareStackTrace: (error: unknown, sites: CallSite[]) => string;
}

/**
 * Captures stacks in a realm of its own, whose Error is nobody else's: the program's Error.prepareStackTrace is not
 * called, and its Error.stackTraceLimit neither applies nor changes.
 */
export class StackCapture {
  readonly #Error: CaptureError;
  /** Node.js looks for prepareStackTrace in the realm that the target was made in. */
  readonly #Target: new () => { stack?: unknown };
  #sites: CallSite[] = [];

  constructor() {
    const realm = createContext(Object.create(null));
    this.#Error = runInContext('Error', realm) as CaptureError;
    this.#Target = runInContext('Object', realm) as new () => { stack?: unknown };
    this.#Error.prepareStackTrace = (_, sites) => {
      this.#sites = sites;
      return '';
    };
  }

  /**
   * The stack that called `above`, which has to be on it: leaf first, up to `limit` frames, the synchronous ones and then
   * their asynchronous callers.
   */
  take(limit: number, above: (...args: never[]) => unknown): CallSite[] {
    this.#Error.stackTraceLimit = limit;
    const target = new this.#Target();
    this.#Error.captureStackTrace(target, above);
    // Formatted at once: an unformatted stack keeps the receivers of its calls alive.
    void target.stack;
    const sites = this.#sites;
    this.#sites = [];
    return sites;
  }
}
