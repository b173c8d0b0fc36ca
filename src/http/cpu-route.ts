import { isSampling } from '../cpu/window';
import { isCodedError } from '../errors';
import { cpuProfile, MAX_SECONDS } from '../profiles/cpu';
import type { PprofRequest } from './exchange';
import { parseQuery, toSeconds } from './params';
import { binary, HttpError, type Answer } from './responses';
import { duringWindow } from './window';

/** Go's window where `seconds` says none. */
const DEFAULT_SECONDS = 30;

/** Serves a CPU profile of this thread. Unlike with the other profiles, `seconds` cannot be wrong, and `debug` is ignored. */
export async function serveCpuProfile(request: PprofRequest): Promise<Answer> {
  const { rawQuery, settings } = request;
  const longest = Math.min(settings.maxSeconds, MAX_SECONDS);
  const seconds = secondsOf(parseQuery(rawQuery).get('seconds')) ?? Math.min(DEFAULT_SECONDS, longest);
  if (seconds > longest) throw new HttpError(400, `invalid value for "seconds" - must be at most ${longest}`);
  if (settings.exclusiveCpuProfile && isSampling()) {
    throw new HttpError(500, 'Could not enable CPU profiling: cpu profiling already in use');
  }
  return binary('profile', await duringWindow(request, seconds, (signal) => profile(seconds, signal)));
}

/** Undefined where it is no positive integer: Go takes that for no value. */
function secondsOf(text = ''): number | undefined {
  try {
    return toSeconds(text);
  } catch {
    return undefined;
  }
}

async function profile(seconds: number, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await cpuProfile({ seconds, signal, ref: false });
  } catch (error) {
    if (isCodedError(error) && error.code === 'ERR_MPROF_CPU_PROFILER') throw new HttpError(503, error.message);
    throw error;
  }
}
