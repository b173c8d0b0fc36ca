import { block, mutex } from './contention';
import { allocs, heap } from './heap';
import { encodable } from './encodable-profile';
import type { Profile } from './profile';

/** Every profile there is. */
const all: readonly Profile[] = [allocs, block, heap, mutex].map(encodable);

/** The profile of that name, such as `heap` or `allocs`; undefined when there is none. */
export function lookup(name: string): Profile | undefined {
  return all.find((profile) => profile.name === name);
}

/** All profiles, by name. */
export function profiles(): Profile[] {
  return [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
}
