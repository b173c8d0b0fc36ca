import type { ServerResponse } from 'node:http';
import type { Profile } from '../profiles/profile';
import { lookup } from '../profiles/registry';
import { escapeHeader } from './escape';
import { Limit } from './limit';
import { parseInteger, parseQuery } from './params';
import { HttpError, TEXT, type Answer } from './responses';
import type { PprofRequest } from './routes';

/** The longest window a client may ask for, in seconds: two snapshots are held in memory for as long. */
const MAX_SECONDS = 60n;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const snapshots = new Limit(16);
const deltas = new Limit(16);

/** Serves the registered profile of the requested name. The checks come in Go's order: one request can fail several. */
export async function serveProfile({ name, rawQuery, res }: PprofRequest): Promise<Answer> {
  const profile = lookup(name);
  if (profile === undefined) throw new HttpError(404, 'Unknown profile');
  const params = parseQuery(rawQuery);
  const debug = toInt(params.get('debug'));
  const seconds = params.get('seconds') ?? '';
  if (seconds !== '') {
    const window = toSeconds(seconds);
    if (debug !== 0) throw new HttpError(400, 'seconds and debug params are incompatible');
    return binary(`${name}-delta`, await deltas.run(() => delta(profile, window, res)));
  }
  const gc = name === 'heap' && toInt(params.get('gc')) > 0;
  const body = await snapshots.run(() => profile.toBuffer({ debug, gc }));
  return debug === 0 ? binary(name, body) : { status: 200, contentType: TEXT, body };
}

function binary(name: string, body: Uint8Array): Answer {
  const headers = { 'Content-Disposition': `attachment; filename="${escapeHeader(name)}"` };
  return { status: 200, contentType: 'application/octet-stream', body, headers };
}

/** Measures for as long as the client waits. */
async function delta(profile: Profile, seconds: number, res: ServerResponse): Promise<Uint8Array> {
  const { socket } = res.req;
  const abort = new AbortController();
  const onClose = (): void => abort.abort();
  const idleTimeout = socket.timeout ?? 0;
  // Nothing is sent during the window, and a server with a timeout for silent connections would cut the answer off.
  if (idleTimeout > 0) socket.setTimeout(idleTimeout + seconds * 1000);
  res.once('close', onClose);
  try {
    return await profile.delta({ seconds, signal: abort.signal, ref: false });
  } finally {
    res.off('close', onClose);
    if (idleTimeout > 0) socket.setTimeout(idleTimeout);
  }
}

function toSeconds(text: string): number {
  const seconds = parseInteger(text) ?? 0n;
  if (seconds <= 0n || seconds > MAX_INT64) {
    throw new HttpError(400, 'invalid value for "seconds" - must be a positive integer');
  }
  if (seconds > MAX_SECONDS) throw new HttpError(400, `invalid value for "seconds" - must be at most ${MAX_SECONDS}`);
  return Number(seconds);
}

/** What Go's Atoi returns beside its error: 0 for what is not an integer, the nearest one for what is too large. */
function toInt(text = ''): number {
  const value = parseInteger(text) ?? 0n;
  if (value > MAX_SAFE) return Number.MAX_SAFE_INTEGER;
  return Number(value < -MAX_SAFE ? -MAX_SAFE : value);
}
