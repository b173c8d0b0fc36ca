import { escapeHtml } from './escape';
import type { Exchange } from './exchange';
import type { Location } from './location';
import { isCrossSite } from './origin';
import { unescapePercent } from './params';
import { report } from './report';
import { errorAnswer, HttpError, type Answer } from './responses';
import { READ, routeOf } from './routes';
import type { Settings } from './settings';

/** The decision of the user's own `authorize`. */
export type Authorize = () => unknown;

/** What a request for this handler is answered with, errors included; undefined when the client has left. */
export async function answer(exchange: Exchange, location: Location, settings: Settings, authorize?: Authorize): Promise<Answer | undefined> {
  // Whatever ran before may have taken longer than the client was willing to wait.
  if (exchange.over.aborted) return undefined;
  try {
    await admit(exchange, settings, authorize);
    return await serve(exchange, location, settings);
  } catch (error) {
    if (exchange.over.aborted) return undefined;
    if (error instanceof HttpError) return errorAnswer(error);
    report(error instanceof Error ? error : new Error(String(error)));
    return errorAnswer(new HttpError(500, 'failed to collect profile'));
  }
}

/** The answer to a request for something else. */
export function notFound(): Answer {
  return errorAnswer(new HttpError(404, '404 page not found'));
}

/** Before anything else, so that strangers learn nothing. */
async function admit(exchange: Exchange, { authenticate }: Settings, authorize: Authorize | undefined): Promise<void> {
  if (isCrossSite(exchange)) throw new HttpError(403, 'request from another site');
  const challenges = authenticate(exchange.header('authorization'));
  if (challenges) throw new HttpError(401, 'Unauthorized', { 'WWW-Authenticate': challenges });
  if (authorize !== undefined && (await decision(authorize)) !== true) throw new HttpError(403, 'Forbidden');
}

async function decision(authorize: Authorize): Promise<unknown> {
  try {
    return await authorize();
  } catch (error) {
    // Its message may quote what the client has sent.
    report(new Error(`the option authorize failed with ${error instanceof Error ? error.name : typeof error}`));
    throw new HttpError(500, 'authorization failed');
  }
}

async function serve(exchange: Exchange, location: Location, settings: Settings): Promise<Answer> {
  if ('redirect' in location) {
    checkMethod(exchange, READ);
    return redirect(location.redirect);
  }
  const { directory, rawName, rawQuery } = location;
  const name = unescapePercent(rawName);
  if (name === undefined) throw new HttpError(400, '400 Bad Request');
  const { methods, serve } = routeOf(name, exchange.method);
  checkMethod(exchange, methods);
  return serve({ name, directory, rawQuery, exchange, settings });
}

function checkMethod({ method }: Exchange, methods: readonly string[]): void {
  if (!methods.includes(method)) throw new HttpError(405, 'Method Not Allowed', { Allow: methods.join(', ') });
}

function redirect(target: string): Answer {
  const body = `<a href="${escapeHtml(target)}">Moved Permanently</a>.\n\n`;
  return { status: 301, contentType: 'text/html; charset=utf-8', body, headers: { Location: target } };
}
