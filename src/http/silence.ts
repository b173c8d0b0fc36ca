import type { IncomingMessage } from 'node:http';

/** What a server closes when it has been silent for too long: the connection, and with HTTP/2 the session. */
interface Timed {
  setTimeout(milliseconds: number): unknown;
}

/** Windows under way on one connection: requests can come in a pipeline, or side by side. */
interface Silence {
  /** The server's own timeout in milliseconds. */
  timeout: number;
  windows: number;
  longest: number;
}

const silences = new WeakMap<Timed, Silence>();

/** Puts off the timeout of a request's connection by so many seconds. The result is to be called when they are over. */
export function staySilent(req: IncomingMessage, seconds: number): () => void {
  const { timed, timeout } = timeoutOf(req);
  const silence = silences.get(timed) ?? { timeout, windows: 0, longest: 0 };
  if (silence.timeout === 0) return () => {};
  silences.set(timed, silence);
  silence.windows++;
  silence.longest = Math.max(silence.longest, seconds);
  timed.setTimeout(silence.timeout + silence.longest * 1000);
  return () => {
    if (--silence.windows > 0) return;
    silences.delete(timed);
    timed.setTimeout(silence.timeout);
  };
}

function timeoutOf(req: IncomingMessage & { stream?: { session?: Timed } }): { timed: Timed; timeout: number } {
  const { socket } = req;
  const session = req.stream?.session;
  if (session === undefined) return { timed: socket, timeout: socket.timeout ?? 0 };
  // A session does not tell; it has what its server was given.
  const { server } = socket as { server?: { timeout?: number } };
  return { timed: session, timeout: server?.timeout ?? 0 };
}
