import type { ProfileColumns, ProfileRows, Samples, Symbols } from '../pprof/columns';
import { addOther } from '../pprof/other-sample';
import type { Steps } from '../pprof/steps';
import type { Snapshot } from './profile';
import { ShownStacks, type Selection } from './shown-stacks';
import { writeProfileChunks } from './write-profile';

/** Most comments in a profile: collectors show no more. */
const MAX_COMMENTS = 2;

/** Writes a profile as protobuf, in chunks to be put in a row. With `shown` it keeps within the limits of collectors. */
export function* encodeRows({ lookUp }: Pick<Snapshot, 'lookUp'>, rows: ProfileRows, shown?: ShownStacks): Steps<Uint8Array[]> {
  if (shown === undefined) return yield* writeProfileChunks({ ...rows, ...(yield* lookUp(rows.stack)) });
  for (;;) {
    const selection = yield* shown.select(rows);
    const symbols = yield* lookUp(selection.profile.stack);
    const chunks = yield* writeProfileChunks(withOther({ ...selection.profile, ...symbols }, selection));
    if (yield* shown.accept(selection, chunks.reduce((length, chunk) => length + chunk.length, 0))) return chunks;
  }
}

function withOther(profile: ProfileColumns, { other, hidden }: Selection<ProfileRows>): ProfileColumns {
  if (other === undefined) return profile;
  return addOther({ ...profile, comments: withComment(profile.comments, hiddenComment(hidden)) }, other);
}

function hiddenComment(hidden: number): string {
  return `${hidden} samples more are counted under (other); full=1 shows them`;
}

/**
 * Looks up the stacks of samples for a text; if `limited`, only as many of them as a profile for collectors may have. What
 * the text has to say of that is in `comments`.
 */
export function* lookUpShown<T extends Samples>(
  samples: T,
  lookUp: Snapshot['lookUp'],
  limited: boolean,
): Steps<T & { symbols: Symbols; comments: string[] }> {
  if (!limited) return { ...samples, ...(yield* lookUp(samples.stack)), comments: [] };
  const { profile, other, hidden } = yield* new ShownStacks({ once: true }).select(samples);
  const columns = { ...profile, ...(yield* lookUp(profile.stack)), comments: [] };
  return other === undefined ? columns : { ...addOther(columns, other), comments: [hiddenComment(hidden)] };
}

/** Comments with one more, added to the last one where there are enough. */
function withComment(comments: readonly string[], comment: string): string[] {
  const kept = comments.slice(0, MAX_COMMENTS - 1);
  return [...kept, [...comments.slice(kept.length), comment].join('; ')];
}
