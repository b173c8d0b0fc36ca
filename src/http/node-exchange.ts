import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Exchange } from './exchange';
import { HttpError } from './responses';
import { staySilent } from './silence';

/** A request of Node's own servers. */
export function exchangeOf(req: IncomingMessage & { body?: unknown }, over: AbortSignal, clientTimeout: number): Exchange {
  return {
    method: req.method ?? '',
    host: (req.headers.host ?? req.headers[':authority'] ?? '').toString(),
    secure: (req.socket as Partial<TLSSocket>).encrypted === true,
    over,
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
    const onLoss = (): void => refuse(400, 'the body did not come');
    req.once('error', onLoss);
    req.once('close', () => {
      clearTimeout(timer);
      onLoss();
    });
  });
}
