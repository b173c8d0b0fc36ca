import type { OutgoingHttpHeaders } from 'node:http';
import { escapeHeader } from './escape';

/** The content type of everything a person reads, errors included. */
export const TEXT = 'text/plain; charset=utf-8';

/** One complete response. */
export interface Answer {
  status: number;
  contentType: string;
  body: string | Uint8Array;
  headers?: Record<string, string | readonly string[]>;
}

/** A request that is answered with an error. The message is the body, so it holds only what a client may see. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Answer['headers'] = {},
  ) {
    super(message);
  }
}

/** An error in Go's form. `go tool pprof` prints the body of an error only if X-Go-Pprof is present. */
export function errorAnswer({ status, message, headers }: HttpError): Answer {
  return { status, contentType: TEXT, body: `${message}\n`, headers: { ...headers, 'X-Go-Pprof': '1' } };
}

/** A file to download. */
export function binary(name: string, body: Uint8Array): Answer {
  const headers = { 'Content-Disposition': `attachment; filename="${escapeHeader(name)}"` };
  return { status: 200, contentType: 'application/octet-stream', body, headers };
}

/** An answer's body as it is sent. */
export function bytesOf({ body }: Answer): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** An answer's headers, all of them. */
export function headersOf({ contentType, headers }: Answer, length: number): OutgoingHttpHeaders {
  return {
    'Content-Type': contentType,
    'Content-Length': length,
    'X-Content-Type-Options': 'nosniff',
    // A profile is out of date at once, and compressed already: no-transform keeps compression middleware off it.
    'Cache-Control': 'no-store, no-transform',
    ...(headers as OutgoingHttpHeaders),
  };
}
