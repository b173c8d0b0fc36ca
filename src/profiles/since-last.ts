import type { ProfileColumns } from '../pprof/columns';
import { subtract } from '../pprof/delta';
import { block, mutex } from './contention';
import { encode } from './encodable-profile';
import { heap } from './heap';
import type { ProfileSource } from './profile';

type Counted = Pick<ProfileColumns, 'bucket' | 'values'>;

const sources = new Map<string, ProfileSource>([heap, block, mutex].map((source) => [source.name, source]));
/** What each profile had counted when it was told last. */
const told = new Map<string, Counted>();

/**
 * A profile, gzipped, with what has been counted since the last call for it, and with what is in use as it is now. The
 * first call tells everything. `keep` makes the next call tell it all again.
 */
export async function profileSinceLast(name: string, { gc, keep }: { gc: boolean; keep: boolean }): Promise<Uint8Array> {
  const now = sources.get(name)!.columns({ gc });
  const before = told.get(name);
  if (!keep) told.set(name, counters(now));
  // Told as a profile of a moment, without a duration, as all readers expect it of these routes.
  return encode(before === undefined ? now : subtract({ ...now, ...before }, now));
}

/** What is in use is not counted up: as if there had been nothing before. */
function counters({ sampleTypes, bucket, values }: ProfileColumns): Counted {
  const counts = sampleTypes.map(({ type }) => !type.startsWith('inuse_'));
  return { bucket, values: values.map((value, i) => (counts[i % counts.length] ? value : 0)) };
}
