import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type RequestListener,
  type RequestOptions,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
}

export interface FetchOptions {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
  /** Ends the request from the client's side. */
  signal?: AbortSignal;
}

/** Sends one request on a connection of its own, with the path as it is, and reads the whole answer. */
export function fetchPath(server: Server, path: string, options: FetchOptions = {}): Promise<Reply> {
  const { address, port } = server.address() as AddressInfo;
  return fetchFrom({ host: address, port }, path, options);
}

/** The same of a server that is known by its address. */
export function fetchFrom(where: RequestOptions, path: string, { body, ...options }: FetchOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const req = request({ ...where, path, agent: false, ...options }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: res.statusCode ?? 0, headers: res.headers, bytes, text: bytes.toString() });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Opens a server on a free port of 127.0.0.1. */
export async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Closes a server at once, whatever its clients are doing. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The words of a text: a list of test cases without the noise of quotes. */
export function words(text: string): string[] {
  return text.split(/\s+/);
}
