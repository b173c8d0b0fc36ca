import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Exchange } from './exchange';
import { HttpError } from './responses';
import { staySilent } from './silence';

/** A request of Node's own servers. */
export function exchangeOf(req: IncomingMessage & { body?: unknown }, res: ServerResponse, clientTimeout: number): Exchange {
  const { socket } = req;
  const over = new AbortController();
  if (res.destroyed) over.abort();
  else res.once('close', () => over.abort());
  return {
    method: req.method ?? '',
    host: (req.headers.host ?? req.headers[':authority'] ?? '').toString(),
    secure: (socket as Partial<TLSSocket>).encrypted === true,
    over: over.signal,
    header: (name) => req.headers[name]?.toString(),
    readBody: (limit) => readBody(req, limit, clientTimeout),
    staySilent: (seconds) => staySilent(req, seconds),
  };
}

async function readBody(req: IncomingMessage & { body?: unknown }, limit: number, timeout: number): Promise<string> {
  // Whatever body parser ran before has emptied the stream.
  if (typeof req.body === 'string') return req.body;
  if (req.body instanceof Uint8Array) return Buffer.from(req.body).toString('latin1');
  if (req.readableEnded) return '';
  return new Promise((resolve, reject) => {
    let text = '';
    const refuse = (status: number, message: string): void => {
      req.off('data', onData);
      reject(new HttpError(status, message, req.httpVersionMajor === 1 ? { Connection: 'close' } : {}));
    };
    const onData = (chunk: Buffer | string): void => {
      text += chunk.toString('latin1');
      if (text.length > limit) refuse(413, `more than ${limit} bytes`);
    };
    const timer = setTimeout(() => refuse(408, 'the body took too long'), timeout).unref();
    req.on('data', onData);
    req.once('end', () => resolve(text));
    req.once('error', reject);
    req.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the client closed the connection'));
    });
  });
}
