import type { Settings } from './settings';

/** A request and what can be asked of its connection, the same for every kind of server it may have come to. */
export interface Exchange {
  readonly method: string;
  /** Host and port as the client wrote them, empty if it did not. */
  readonly host: string;
  readonly secure: boolean;
  /** Aborts when the exchange is over: the answer is on its way, or the client has left. */
  readonly over: AbortSignal;
  /** A header's value, by its name in lower case. */
  header(name: string): string | undefined;
  /** The body as text. Throws an HttpError for one that is longer than `limit` bytes, or takes too long to come. */
  readBody(limit: number): Promise<string>;
  /** Keeps a server's timeout for silent connections from ending this one within so many seconds; undone by the result. */
  staySilent(seconds: number): () => void;
}

/** A request for something below /debug/pprof/. */
export interface PprofRequest {
  /** What follows /debug/pprof/, decoded. */
  readonly name: string;
  /** The path up to the name. */
  readonly directory: string;
  readonly rawQuery: string;
  readonly exchange: Exchange;
  readonly settings: Settings;
}
