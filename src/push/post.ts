import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Message } from './targets';

/** As long as it may take in all. */
const TIMEOUT_MS = 10_000;
/** What a server answers that may take the same message later. */
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Of an answer, as much as an error shows. */
const SHOWN = 300;

/** The server has not taken a message. */
export class PushError extends Error {
  /** @param isFinal whether it would not take it later either */
  constructor(
    message: string,
    readonly isFinal: boolean,
  ) {
    super(message);
    this.name = 'PushError';
  }
}

/** Where messages go to. */
export interface Destination {
  url: URL;
  headers: Readonly<Record<string, string>>;
}

/**
 * Sends a message, on a connection of its own. It does not keep the process alive unless `ref` is set.
 *
 * @throws PushError
 */
export function post({ url, headers }: Destination, { path, contentType, body }: Message, { ref, signal }: { ref: boolean; signal: AbortSignal }): Promise<void> {
  return new Promise((resolve, reject) => {
    const to = new URL(url);
    to.pathname = url.pathname.replace(/\/$/, '') + path;
    const fail = (reason: string, isFinal = false): void => reject(new PushError(`${to.origin}${to.pathname}: ${reason}`, isFinal));
    const send = to.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(to, {
      method: 'POST',
      headers: { ...headers, 'content-type': contentType, 'content-length': body.length },
      agent: false,
      signal,
    });
    const limit = setTimeout(() => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS).unref();
    request.on('close', () => clearTimeout(limit));
    request.on('socket', (socket) => {
      if (ref) return;
      socket.unref();
      // Each address of a name has a handle of its own.
      socket.on('connectionAttempt', () => socket.unref());
    });
    request.on('error', ({ message }) => fail(message));
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < SHOWN) text += part.slice(0, SHOWN - text.length);
      });
      response.on('error', ({ message }) => fail(message));
      response.on('end', () => {
        if (statusCode >= 200 && statusCode < 300) resolve();
        else fail(`${statusCode} ${text.trim()}`.trim(), !LATER.has(statusCode));
      });
    });
    request.end(body);
  });
}
