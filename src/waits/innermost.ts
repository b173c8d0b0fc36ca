import { labelNumber } from './frames';

/** Awaits at one stack of asynchronous callers. */
interface Group<Await> {
  awaits: Await[];
  count: number;
  /** How many of them await what has an await of its own. */
  outer: number;
}

/** V8 shows them between an await and the awaits it is for, of which there may be several or, if they are over, none. */
const COMBINATORS = ['Promise.all', 'Promise.allSettled', 'Promise.any'];

/**
 * Leaves out awaits of async functions that wait themselves: those are the callers in the stack of the innermost one, and
 * would be counted again. How many of a stack's awaits are of that kind follows from how many are called from there: as
 * many, while each of the awaits stands for itself. Where they stand for others this is known only roughly, and the
 * awaits at one place are taken to be all of one kind.
 *
 * @param callers the asynchronous callers of what runs, which are not awaits of their own either
 */
export function innermost<Await extends { frames: readonly number[]; count: number }>(
  awaits: readonly Await[],
  callers: readonly number[],
): Await[] {
  const combinators = new Set(COMBINATORS.map(labelNumber));
  const groups = new Map<string, Group<Await>>();
  for (const await_ of awaits) {
    const key = await_.frames.join();
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { awaits: [], count: 0, outer: 0 }));
    group.awaits.push(await_);
    group.count += await_.count;
  }
  for (const { awaits, count } of groups.values()) {
    const [leaf, ...callers] = awaits[0]!.frames;
    const outer = callers.length > 0 ? groups.get(callers.join()) : undefined;
    if (outer !== undefined) outer.outer += combinators.has(leaf!) ? Infinity : count;
  }
  const calling = callers.length > 0 ? groups.get(callers.join()) : undefined;
  if (calling !== undefined) calling.outer++;
  const exact = awaits.every(({ count }) => count === 1);
  return [...groups.values()].flatMap(({ awaits, count, outer }) => {
    if (outer === 0) return awaits;
    return outer >= (exact ? count : count / 2) ? [] : firstOf(awaits, count - outer);
  });
}

/** So many of them. */
function firstOf<Await extends { count: number }>(awaits: readonly Await[], most: number): Await[] {
  const first: Await[] = [];
  for (const await_ of awaits) {
    const count = Math.min(await_.count, most);
    if (count === 0) break;
    first.push({ ...await_, count });
    most -= count;
  }
  return first;
}
