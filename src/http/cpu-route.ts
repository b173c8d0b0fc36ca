import { isSampling } from '../cpu/window';
import { cpuProfile, MAX_SECONDS } from '../profiles/cpu';
import type { PprofRequest } from './exchange';
import { parseQuery, toInt, toSeconds, toThread } from './params';
import { refuse } from './refusals';
import { binary, HttpError, type Answer } from './responses';
import { duringWindow } from './window';

/** Go's window where `seconds` says none. */
const DEFAULT_SECONDS = 30;

/** Serves a CPU profile. Unlike with the other profiles, `seconds` cannot be wrong, and `debug` is ignored. */
export async function serveCpuProfile(request: PprofRequest): Promise<Answer> {
  const { rawQuery, settings } = request;
  const params = parseQuery(rawQuery);
  const longest = Math.min(settings.maxSeconds, MAX_SECONDS);
  const seconds = secondsOf(params.get('seconds')) ?? Math.min(DEFAULT_SECONDS, longest);
  if (seconds > longest) throw new HttpError(400, `invalid value for "seconds" - must be at most ${longest}`);
  if (settings.exclusiveCpuProfile && isSampling()) {
    throw new HttpError(500, 'Could not enable CPU profiling: cpu profiling already in use');
  }
  const options = { seconds, ref: false, limited: toInt(params.get('full')) <= 0, ...toThread(params.get('thread')) };
  return binary('profile', await duringWindow(request, seconds, (signal) => cpuProfile({ ...options, signal }).catch(refuse)));
}

/** Undefined where it is no positive integer: Go takes that for no value. */
function secondsOf(text = ''): number | undefined {
  try {
    return toSeconds(text);
  } catch {
    return undefined;
  }
}
