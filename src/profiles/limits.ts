import { checkInteger, checkObject } from '../checks';

/** How large a profile for a collector may be. */
export interface ProfileLimits {
  /** Samples in a profile, `(other)` included. Default 16000. */
  samples?: number;
  /** Bytes of a profile before it is compressed. Default 2097152. */
  bytes?: number;
}

/**
 * What Pyroscope takes by default: more samples are refused, and so is more than 2 MiB in one push, which it counts
 * unpacked although it is sent packed.
 */
const limits = { samples: 16_000, bytes: 2 * 2 ** 20 };
let changes = 0;

/**
 * Sets how large the profiles may be that are served over HTTP, or asked for as `limited`. To be called early: a change
 * begins the choice of the stacks that are shown anew, and a collector that subtracts the profile before it from the one
 * after may see counters fall.
 *
 * @throws TypeError or RangeError for anything but positive integers; nothing has changed then
 */
export function setProfileLimits(options: ProfileLimits): void {
  checkObject('limits', options);
  const { samples = limits.samples, bytes = limits.bytes } = options;
  checkInteger('samples', samples, 1, 2 ** 31 - 1);
  checkInteger('bytes', bytes, 1, 2 ** 31 - 1);
  Object.assign(limits, { samples, bytes });
  changes++;
}

/** The limits in force. */
export function profileLimits(): Readonly<Required<ProfileLimits>> {
  return limits;
}

/** A number that is another one after each change. */
export function limitChanges(): number {
  return changes;
}
