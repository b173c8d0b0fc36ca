import { native } from '../binding';
import { checkInteger, checkText, checkUnused } from '../checks';
import { StackCapture, type CallSite } from '../waits/capture';
import { labelNumber } from '../waits/frames';
import { frameNumbers } from '../waits/record';
import { counted } from './counted';
import { encodable } from './encodable-profile';
import type { Profile } from './profile';
import { isRoute, lookup, register } from './registry';

/** A profile of the program's own: of what it has at the moment, such as connections, by who has brought it about. */
export interface CustomProfile extends Profile {
  /**
   * Adds a value, with the stack of the caller. The profile holds the value, which must not be in it yet, until it is
   * removed: objects by identity, other values as a Map does.
   *
   * @param skip frames to leave out, counted from the leaf: 0 for none, `add` itself included. Default 1, the caller.
   * @throws Error `ERR_MPROF_DUPLICATE_VALUE` for a value that is in the profile, RangeError or TypeError for a bad skip
   */
  add(value: unknown, skip?: number): void;
  /** Removes a value; does nothing where it is not in the profile. */
  remove(value: unknown): void;
}

/** Frames to ask for, and what stands for a stack that has fewer than are left out: Go's name for it. */
const CAPTURE_LIMIT = 256;
const NO_STACK = 'lostProfileEvent';

let capture: StackCapture | undefined;

/**
 * Go's pprof.NewProfile: a profile of this thread under that name, which lookup(), profiles() and `/debug/pprof/NAME` know
 * from now on. It cannot be taken back. By convention a name begins with that of the package, as in
 * `example.com/pool.connections`; `go tool pprof` cannot read the text form if there is a space in it, and Parca and
 * Pyroscope refuse all characters but letters, digits and the underscore. Where Go panics, this throws an error with Go's
 * text in its message.
 *
 * @throws TypeError or RangeError unless the name is a non-empty string
 * @throws Error `ERR_MPROF_NAME_IN_USE` for a name that a profile has, or that means something else in a URL
 */
export function newProfile(name: string): CustomProfile {
  checkText('name', name, (text) => text !== '', 'a non-empty string', 'pprof: NewProfile with empty name');
  const goText = `pprof: NewProfile name already in use: ${name}`;
  checkUnused('ERR_MPROF_NAME_IN_USE', 'name', name, lookup(name) !== undefined, 'a name that is not in use', goText);
  checkUnused('ERR_MPROF_NAME_IN_USE', 'name', name, isRoute(name), 'a name that means nothing else in the URL of a profile');
  const stacks = new Map<unknown, number>();

  function add(value: unknown, skip = 1): void {
    checkInteger('skip', skip, 0, Number.MAX_SAFE_INTEGER);
    const rule = 'a value that is not in the profile';
    checkUnused('ERR_MPROF_DUPLICATE_VALUE', 'value', value, stacks.has(value), rule, 'pprof: Profile.Add of duplicate value');
    stacks.set(value, callerStack(skip));
  }

  const profile: CustomProfile = {
    ...encodable(
      counted({
        name,
        description: '',
        count: () => stacks.size,
        take: () => ({ stack: Uint32Array.from(stacks.values()) }),
      }),
    ),
    add,
    remove: (value) => void stacks.delete(value),
  };
  register(profile);
  return profile;
}

/** The number of the stack that called this function, without its first frames. */
function callerStack(skip: number): number {
  const sites = captureSites(skip);
  return native.internStack(Int32Array.from(sites.length === 0 ? [labelNumber(NO_STACK)] : frameNumbers(sites)));
}

function captureSites(skip: number): readonly CallSite[] {
  try {
    capture ??= new StackCapture();
    return capture.take(CAPTURE_LIMIT, callerStack).slice(skip);
  } catch {
    // The program has hardly any machine stack left.
    return [];
  }
}
