import { answer, notFound } from './answer';
import type { Exchange } from './exchange';
import { locate } from './location';
import { bytesOf, errorAnswer, headersOf, HttpError, type Answer } from './responses';
import { settingsOf, type HandlerOptions } from './settings';

/** Answers a request for /debug/pprof, and any other with status 404. Never rejects. */
export type FetchHandler = (request: Request) => Promise<Response>;

/**
 * {@link createHandler} for servers that speak in terms of `Request` and `Response`, such as Hono. The same requests get
 * the same answers. A timeout for silent connections, if the server has one, must be longer than `maxSeconds`: it cannot be
 * put off from here.
 *
 * @throws TypeError or RangeError for bad options
 */
export function createFetchHandler(options: HandlerOptions<Request> = {}): FetchHandler {
  const settings = settingsOf(options);
  const { authorize } = options;
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const location = locate({ url: pathname + search }, settings.prefix);
    if (location === undefined) return toResponse(request, notFound());
    const over = new AbortController();
    const leave = (): void => over.abort();
    request.signal.addEventListener('abort', leave);
    if (request.signal.aborted) leave();
    try {
      const exchange = exchangeOf(request, over.signal, settings.clientTimeout);
      const result = await answer(exchange, location, settings, authorize && (() => authorize(request)));
      // Nobody reads what is returned for a client that has left.
      return toResponse(request, result ?? errorAnswer(new HttpError(500, 'context canceled')));
    } finally {
      request.signal.removeEventListener('abort', leave);
      leave();
    }
  };
}

function exchangeOf(request: Request, over: AbortSignal, clientTimeout: number): Exchange {
  const { host, protocol } = new URL(request.url);
  return {
    method: request.method,
    host: request.headers.get('host') ?? host,
    secure: protocol === 'https:',
    over,
    header: (name) => request.headers.get(name) ?? undefined,
    readBody: (limit) => readBody(request, limit, clientTimeout),
    staySilent: () => () => {},
  };
}

async function readBody({ body }: Request, limit: number, timeout: number): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    void reader.cancel().catch(() => {});
  }, timeout).unref();
  try {
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += Buffer.from(part.value).toString('latin1');
      if (text.length > limit) throw new HttpError(413, `more than ${limit} bytes`);
    }
    if (expired) throw new HttpError(408, 'the body took too long');
    return text;
  } finally {
    clearTimeout(timer);
    void reader.cancel().catch(() => {});
  }
}

function toResponse({ method }: Request, answer: Answer): Response {
  const body = bytesOf(answer);
  const headers = new Headers();
  for (const [name, value] of Object.entries(headersOf(answer, body.byteLength))) {
    for (const item of [value].flat()) headers.append(name, String(item));
  }
  return new Response(method === 'HEAD' ? null : (body as Uint8Array<ArrayBuffer>), { status: answer.status, headers });
}
