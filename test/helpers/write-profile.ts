import type { ProfileColumns } from '../../dist/pprof/columns';
import { finish } from '../../dist/pprof/steps';
import { writeProfileChunks } from '../../dist/profiles/write-profile';

/** A profile as protobuf, not gzipped, all at once. */
export function writeProfile(columns: ProfileColumns): Uint8Array {
  return Buffer.concat(finish(writeProfileChunks(columns)));
}
