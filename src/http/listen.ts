import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { checkBoolean, checkInteger, checkObject, checkString, checkText } from '../checks';
import { codedError } from '../errors';
import { createHandler, type Handler } from './handler';
import { isLoopbackAddress, isLoopbackHost } from './origin';
import { errorAnswer, HttpError } from './responses';
import { send } from './send';
import type { HandlerOptions } from './settings';
import { makePrivate, removeStaleSocket } from './unix-socket';

/** Where `listen` opens its server, and what a handler takes. */
export interface ListenOptions extends HandlerOptions<IncomingMessage> {
  /** TCP port, 0 for one that is free. Default 6060. */
  port?: number;
  /** Address or host name to listen on. Default 127.0.0.1, which only this machine reaches. */
  host?: string;
  /** Path of a Unix socket to listen on instead; only the process's own user can connect. Not with `port` and `host`. */
  path?: string;
  /** Key, certificate and whatever else an HTTPS server takes; without this option it is an HTTP server. */
  tls?: ServerOptions;
  /**
   * Allows a host that other machines reach without `token`, `password`, `authorize` or client certificates: whoever
   * reaches it reads the profiles. Default false.
   */
  insecure?: boolean;
}

/** Longer than the interval at which collectors come back, which is 10 to 60 s: they keep their connection. */
const LIMITS = { keepAliveTimeout: 75_000, headersTimeout: 10_000, requestTimeout: 30_000 };
/** The same for those who do not even begin to speak TLS. */
const TLS_LIMITS = { ...LIMITS, handshakeTimeout: 10_000 };
/** Far more than collectors and people need, and few enough to leave the program its file descriptors. */
const MAX_CONNECTIONS = 256;

/**
 * Opens a server that serves nothing but the profiles, and resolves once it listens.
 *
 * It does not keep the process alive: neither the server nor its connections hold up the end of a program that has
 * nothing else to do. On a loopback address it answers only requests whose Host header is a loopback address or
 * `localhost`, so that no web page can read profiles through a domain of its own. A Unix socket that a killed process has
 * left behind is replaced; where another process listens, the result is EADDRINUSE, also within a cluster: each process has
 * profiles of its own.
 *
 * Rejects before anything is opened with a TypeError or RangeError for a bad option, and with the Error
 * `ERR_MPROF_INSECURE_ADDRESS` for a host that is not a loopback address without authentication or `insecure: true`; with
 * the system's error, such as EADDRINUSE, when the address cannot be had.
 */
export async function listen(options: ListenOptions = {}): Promise<Server> {
  const { port, host, path } = checkAddress(options);
  const loopback = host !== undefined && isLoopbackAddress(host);
  const alone = loopback || path !== undefined;
  const { cmdline = alone, fullGoroutine = alone } = options;
  const handle = createHandler({ ...options, cmdline, fullGoroutine });
  const server = createServerFor(options, loopback ? forLoopbackHosts(handle, options) : handle);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => socket.unref());
  // Also emitted for a connection that cannot be accepted, for want of a file descriptor: no reason to end the process.
  server.on('error', () => {});
  if (path !== undefined) await removeStaleSocket(path);
  // In the workers of a cluster, servers of one address would answer for each other.
  server.listen({ ...(path === undefined ? { port, host } : { path }), exclusive: true });
  if (!server.listening) await once(server, 'listening');
  try {
    if (path !== undefined) makePrivate(path);
  } catch (error) {
    server.close();
    throw error;
  }
  return server.unref();
}

interface Address {
  port?: number;
  host?: string;
  path?: string;
}

function checkAddress(options: ListenOptions): Address {
  checkObject('options', options);
  const { port = 6060, host = '127.0.0.1', path, insecure = false } = options;
  checkInteger('port', port, 0, 65535);
  checkString('host', host);
  checkBoolean('insecure', insecure);
  if (options.tls !== undefined) checkObject('tls', options.tls);
  if (path === undefined) {
    if (!isLoopbackAddress(host) && !insecure && !isAuthenticated(options)) throw insecureAddress(host);
    return { port, host };
  }
  const alone = options.port === undefined && options.host === undefined;
  checkText('path', path, (text) => text !== '' && !text.includes('\0') && alone, 'a path, without port and host');
  return { path };
}

/** Whether strangers are kept out. A server that asks for certificates refuses clients without one, unless told not to. */
function isAuthenticated({ token, password, authorize, tls }: ListenOptions): boolean {
  const byCertificate = tls?.requestCert === true && tls.rejectUnauthorized !== false;
  return token !== undefined || password !== undefined || authorize !== undefined || byCertificate;
}

function insecureAddress(host: string): Error {
  return codedError(
    'ERR_MPROF_INSECURE_ADDRESS',
    `host must be a loopback address without token, password, authorize or insecure: true, got ${JSON.stringify(host)}: others could read the profiles`,
  );
}

function createServerFor({ tls }: ListenOptions, handle: Handler): Server {
  const listener = (req: IncomingMessage, res: Parameters<Handler>[1]): void => void handle(req, res);
  return tls === undefined ? createServer(LIMITS, listener) : createTlsServer({ ...TLS_LIMITS, ...tls }, listener);
}

function forLoopbackHosts(handle: Handler, { clientTimeout = 30_000 }: ListenOptions): Handler {
  const refusal = errorAnswer(new HttpError(403, 'the Host header must be localhost or a loopback address'));
  return (req, res) => (isLoopbackHost(req.headers.host ?? '') ? handle(req, res) : send(res, refusal, clientTimeout));
}
