import type { Writer } from 'protobufjs/minimal';
import { codedError, isCodedError } from '../errors';
import { perftools } from './generated/profile';
import type { Init, Profile } from './message';
import { WireWriter } from './wire';

/**
 * Writes a profile as protobuf, not gzipped. Everything may be left out but `stringTable`, whose first string is "".
 * Text that is not well-formed Unicode is repaired; references within the profile are not looked at (see `checkValid`).
 *
 * @throws ERR_MPROF_INVALID_PROFILE when `profile` has not the shape of a profile.
 * @throws ERR_MPROF_OUT_OF_RANGE when a number is not an integer that fits its field.
 */
export function encode(profile: Init<Profile>): Uint8Array {
  if (typeof profile !== 'object' || profile === null) {
    throw codedError('ERR_MPROF_INVALID_ARG_TYPE', 'Expected the "profile" argument to be an object');
  }
  if (profile.stringTable?.[0] !== '') {
    throw codedError('ERR_MPROF_INVALID_PROFILE', 'Expected "stringTable" to begin with an empty string');
  }
  const writer = new WireWriter();
  try {
    perftools.profiles.Profile.encode(
      profile as perftools.profiles.Profile.$Properties,
      writer as unknown as Writer,
    );
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw codedError('ERR_MPROF_INVALID_PROFILE', 'Expected "profile" to have the shape of a profile', error);
  }
  return writer.take();
}
