import { block, mutex } from './contention';
import { allocs, heap } from './heap';
import { encodable } from './encodable-profile';
import { goroutine } from './goroutine';
import type { Profile } from './profile';
import { threadcreate } from './threadcreate';

/** Every profile there is, by name. */
const all = new Map<string, Profile>([allocs, block, goroutine, heap, mutex, threadcreate].map((source) => [source.name, encodable(source)]));

/** What names mean in the URLs below /debug/pprof/ that are no registered profiles'. */
const ROUTES = /^(cmdline|profile|symbol|trace|delta_.*)$/;

/** The profile of that name, such as `heap` or `allocs`; undefined when there is none. */
export function lookup(name: string): Profile | undefined {
  return all.get(name);
}

/** All profiles, by name. */
export function profiles(): Profile[] {
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether no profile can have that name, as it means something else in a URL. Go has those only besides its profiles. */
export function isRoute(name: string): boolean {
  return ROUTES.test(name);
}

/** Adds a profile, whose name is not in use. */
export function register(profile: Profile): void {
  all.set(profile.name, profile);
}
