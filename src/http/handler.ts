import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, notFound } from './answer';
import { locate } from './location';
import { exchangeOf } from './node-exchange';
import { send } from './send';
import { settingsOf, type HandlerOptions } from './settings';

/**
 * A listener for `http.createServer` and a middleware: mounted at the root, at `/debug/pprof` or under a path in front of
 * that, it calls `next` for requests that are not for it; without a `next` they get status 404. The promise resolves when
 * the answer has been sent, or the client has left, or `next` was called. It never rejects.
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
  return async (req: IncomingMessage & { originalUrl?: string }, res, next) => {
    const location = locate({ url: req.url ?? '', originalUrl: req.originalUrl }, settings.prefix);
    if (location === undefined) {
      if (next !== undefined) next();
      else await send(res, notFound(), settings.clientTimeout);
      return;
    }
    const result = await answer(exchangeOf(req, res, settings.clientTimeout), location, settings, authorize && (() => authorize(req)));
    if (result !== undefined) await send(res, result, settings.clientTimeout);
  };
}

/** The handler with all options at their defaults. Who may reach the profiles is for its server to decide. */
export const handler: Handler = createHandler();
