import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** The content type of everything a person reads, errors included. */
export const TEXT = 'text/plain; charset=utf-8';

/** One complete response. */
export interface Answer {
  status: number;
  contentType: string;
  body: string | Uint8Array;
  headers?: OutgoingHttpHeaders;
}

/** A request that is answered with an error. The message is the body, so it holds only what a client may see. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: OutgoingHttpHeaders = {},
  ) {
    super(message);
  }
}

/** An error in Go's form. `go tool pprof` prints the body of an error only if X-Go-Pprof is present. */
export function errorAnswer({ status, message, headers }: HttpError): Answer {
  return { status, contentType: TEXT, body: `${message}\n`, headers: { ...headers, 'X-Go-Pprof': '1' } };
}

/** Sends the answer, to a HEAD request without its body. Does nothing if the client is gone or something was sent. */
export function send(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  if (res.destroyed || res.headersSent) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  res.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    'Content-Length': body.byteLength,
    'X-Content-Type-Options': 'nosniff',
    // A profile is out of date at once, and compressed already: no-transform keeps compression middleware off it.
    'Cache-Control': 'no-store, no-transform',
    ...answer.headers,
  });
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}
