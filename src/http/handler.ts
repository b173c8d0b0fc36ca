import type { IncomingMessage, ServerResponse } from 'node:http';
import { escapeHtml } from './escape';
import { locate, type Location } from './location';
import { isCrossSite } from './origin';
import { unescapePercent } from './params';
import { errorAnswer, HttpError, send, type Answer } from './responses';
import { READ, routeOf } from './routes';

/**
 * Serves `/debug/pprof/` and everything below it, with Go's status codes, headers, parameters and error texts.
 *
 * It is a listener for `http.createServer(handler)` and a middleware: mounted at the root, at `/debug/pprof` or under
 * a path in front of that, it calls `next` for requests that are not for it; without a `next` they get status 404.
 * A request that a browser makes for a page of another site gets 403. Who else may read the profiles is for the server
 * to decide. The handler never throws: a failure is answered with status 500 and reported as a process warning.
 */
export function handler(req: IncomingMessage, res: ServerResponse, next?: () => void): void {
  const location = locate(req);
  if (location === undefined) {
    if (next !== undefined) next();
    else send(req, res, errorAnswer(new HttpError(404, '404 page not found')));
    return;
  }
  // What is left to fail is writing the error itself, to a response that someone else has broken.
  respond(req, res, location).catch(() => res.destroy());
}

async function respond(req: IncomingMessage, res: ServerResponse, location: Location): Promise<void> {
  // Whatever ran before may have taken longer than the client was willing to wait.
  if (res.destroyed) return;
  try {
    send(req, res, await answer(req, res, location));
  } catch (error) {
    if (res.destroyed) return;
    if (error instanceof HttpError) return send(req, res, errorAnswer(error));
    process.emitWarning(error instanceof Error ? error : String(error));
    send(req, res, errorAnswer(new HttpError(500, 'failed to collect profile')));
  }
}

async function answer(req: IncomingMessage, res: ServerResponse, location: Location): Promise<Answer> {
  if (isCrossSite(req)) throw new HttpError(403, 'request from another site');
  if ('redirect' in location) {
    checkMethod(req, READ);
    return redirect(location.redirect);
  }
  const { directory, rawName, rawQuery } = location;
  const name = unescapePercent(rawName);
  if (name === undefined) throw new HttpError(400, '400 Bad Request');
  const { methods, serve } = routeOf(name);
  checkMethod(req, methods);
  return serve({ name, directory, rawQuery, req, res });
}

function checkMethod({ method = '' }: IncomingMessage, methods: readonly string[]): void {
  if (!methods.includes(method)) throw new HttpError(405, 'Method Not Allowed', { Allow: methods.join(', ') });
}

function redirect(target: string): Answer {
  const body = `<a href="${escapeHtml(target)}">Moved Permanently</a>.\n\n`;
  return { status: 301, contentType: 'text/html; charset=utf-8', body, headers: { Location: target } };
}
