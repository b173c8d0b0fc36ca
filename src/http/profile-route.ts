import type { DeltaOptions, Profile } from '../profiles/profile';
import { lookup } from '../profiles/registry';
import type { PprofRequest } from './exchange';
import { parseQuery, toInt, toSeconds, toThread } from './params';
import { refuse } from './refusals';
import { binary, HttpError, TEXT, type Answer } from './responses';
import { SharedWork } from './shared-work';
import { duringWindow } from './window';

/** The profiles that can be told for a window of time; others only say what is there now. */
const WINDOWED = new Set(['allocs', 'block', 'goroutine', 'heap', 'mutex', 'threadcreate']);

/** Those of which there is one for each thread. */
const BY_THREAD = new Set(['allocs', 'block', 'goroutine', 'heap', 'mutex']);

const profilesInWork = new SharedWork<Uint8Array>();

/** Serves the registered profile of the requested name. The checks come in Go's order: one request can fail several. */
export async function serveProfile(request: PprofRequest): Promise<Answer> {
  const { name, rawQuery, exchange, settings } = request;
  const profile = lookup(name);
  if (profile === undefined) throw new HttpError(404, 'Unknown profile');
  const params = parseQuery(rawQuery);
  const debug = toInt(params.get('debug'));
  const full = toInt(params.get('full')) > 0;
  const limited = !full;
  const thread = toThread(params.get('thread'));
  if (thread.thread !== undefined && !BY_THREAD.has(name)) throw new HttpError(400, '"thread" parameter is not supported for this profile type');
  const seconds = params.get('seconds') ?? '';
  if (seconds !== '') {
    const length = toSeconds(seconds);
    if (!WINDOWED.has(name)) throw new HttpError(400, '"seconds" parameter is not supported for this profile type');
    if (length > settings.maxSeconds) {
      throw new HttpError(400, `invalid value for "seconds" - must be at most ${settings.maxSeconds}`);
    }
    if (debug !== 0) throw new HttpError(400, 'seconds and debug params are incompatible');
    return binary(`${name}-delta`, await delta(request, profile, { seconds: length, limited, ...thread }));
  }
  const gc = name === 'heap' && toInt(params.get('gc')) > 0;
  if (full && name === 'goroutine' && !settings.fullGoroutine) {
    throw new HttpError(403, 'full=1 is off; the option fullGoroutine switches it on');
  }
  settings.snapshots.enter(exchange.over);
  const options = { debug, gc, full, limited, ...thread };
  const key = JSON.stringify([name, debug, gc, full, thread]);
  const body = await profilesInWork.do(key, exchange.over, (signal) => profile.toBuffer({ ...options, signal })).catch(refuse);
  return debug === 0 ? binary(name, body) : { status: 200, contentType: TEXT, body };
}

function delta(request: PprofRequest, profile: Profile, options: DeltaOptions): Promise<Uint8Array> {
  return duringWindow(request, options.seconds, (signal) => profile.delta({ ...options, signal, ref: false }).catch(refuse));
}
