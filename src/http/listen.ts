import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { checkBoolean, checkInteger, checkObject, checkString } from '../checks';
import { codedError } from '../errors';
import { handler } from './handler';
import { isLoopbackAddress, isLoopbackHost } from './origin';
import { errorAnswer, HttpError, send } from './responses';

/** Where `listen` opens its server. */
export interface ListenOptions {
  /** TCP port, 0 for one that is free. Default 6060. */
  port?: number;
  /** Address or host name to listen on. Default 127.0.0.1, which only this machine reaches. */
  host?: string;
  /** Allows a host that other machines reach. Whoever reaches it reads the profiles: there is no authentication. */
  insecure?: boolean;
}

/**
 * Opens an HTTP server that serves nothing but the profiles, and resolves once it listens.
 *
 * It does not keep the process alive: neither the server nor its connections hold up the end of a program that has
 * nothing else to do. On a loopback address it answers only requests whose Host header is a loopback address or
 * `localhost`, so that no web page can read profiles through a domain of its own.
 *
 * Rejects before anything is opened with a TypeError or RangeError for a bad option, and with the Error
 * `ERR_MPROF_INSECURE_ADDRESS` for a host that is not a loopback address without `insecure: true`; with the system's
 * error, such as EADDRINUSE, when the address cannot be had.
 */
export async function listen(options: ListenOptions = {}): Promise<Server> {
  checkObject('options', options);
  const { port = 6060, host = '127.0.0.1', insecure = false } = options;
  checkInteger('port', port, 0, 65535);
  checkString('host', host);
  checkBoolean('insecure', insecure);
  const loopback = isLoopbackAddress(host);
  if (!loopback && !insecure) {
    throw codedError(
      'ERR_MPROF_INSECURE_ADDRESS',
      `host must be a loopback address unless insecure is true, got ${JSON.stringify(host)}: others could read the profiles`,
    );
  }
  const server = createServer(
    // Longer than the interval at which collectors come back, which is 10 to 60 s: they keep their connection.
    { keepAliveTimeout: 75_000, headersTimeout: 10_000, requestTimeout: 30_000 },
    (req, res) => {
      if (!loopback || isLoopbackHost(req.headers.host)) handler(req, res);
      else send(req, res, errorAnswer(new HttpError(403, 'the Host header must be localhost or a loopback address')));
    },
  );
  server.on('connection', (socket) => socket.unref());
  // Also emitted for a connection that cannot be accepted, for want of a file descriptor: no reason to end the process.
  server.on('error', () => {});
  server.listen(port, host);
  await once(server, 'listening');
  return server.unref();
}
