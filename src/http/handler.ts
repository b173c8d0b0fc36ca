import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, notFound } from './answer';
import { locate, type Location } from './location';
import { exchangeOf } from './node-exchange';
import { send } from './send';
import { settingsOf, type HandlerOptions } from './settings';

/**
 * A listener for `http.createServer` and a middleware: mounted at the root, at `/debug/pprof` or under a path in front of
 * that, it calls `next` for requests that are not for it; without a `next` they get status 404. The promise resolves when
 * the answer has been sent, or the client has left, or `next` was called. It never rejects; what `next` throws is thrown.
 */
export type Handler = (req: IncomingMessage, res: ServerResponse, next?: () => void) => Promise<void>;

/**
 * Makes a handler that serves `/debug/pprof/` and everything below it, with Go's status codes, headers, parameters and
 * error texts. A request that a browser makes for a page of another site gets status 403. Failures are answered with
 * status 500 and reported as process warnings.
 *
 * @throws TypeError or RangeError for bad options
 */
export function createHandler(options: HandlerOptions<IncomingMessage> = {}): Handler {
  const settings = settingsOf(options);
  const { authorize } = options;

  async function respond(req: IncomingMessage, res: ServerResponse, location: Location): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    if (res.destroyed) end();
    else res.once('close', end);
    try {
      const exchange = exchangeOf(req, over.signal, settings.clientTimeout);
      const result = await answer(exchange, location, settings, authorize && (() => authorize(req)));
      if (result !== undefined) await send(res, result, settings.clientTimeout);
    } finally {
      end();
    }
  }

  return (req: IncomingMessage & { originalUrl?: string }, res, next) => {
    const location = locate({ url: req.url ?? '', originalUrl: req.originalUrl }, settings.prefix);
    if (location !== undefined) return respond(req, res, location);
    if (next === undefined) return send(res, notFound(), settings.clientTimeout);
    next();
    return Promise.resolve();
  };
}

/** The handler with all options at their defaults. Who may reach the profiles is for its server to decide. */
export const handler: Handler = createHandler();
