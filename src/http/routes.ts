import { serveCmdline } from './cmdline';
import { serveCpuProfile } from './cpu-route';
import type { PprofRequest } from './exchange';
import { serveIndex } from './index-page';
import { serveProfile } from './profile-route';
import type { Answer } from './responses';
import { serveSinceLast } from './since-last-route';
import { serveSymbol } from './symbol';
import { serveTrace } from './trace';

interface Route {
  methods: readonly string[];
  serve(request: PprofRequest): Answer | Promise<Answer>;
}

/** The methods of every route. */
export const READ: readonly string[] = ['GET', 'HEAD'];
const READ_AND_POST: readonly string[] = [...READ, 'POST'];

const profile: Route = { methods: READ, serve: serveProfile };
const symbol: Route = { methods: READ_AND_POST, serve: serveSymbol };

/** What is not a registered profile. */
const special = new Map<string, Route>([
  ['', { methods: READ, serve: serveIndex }],
  ['cmdline', { methods: READ, serve: serveCmdline }],
  ['delta_block', { methods: READ, serve: serveSinceLast }],
  ['delta_heap', { methods: READ, serve: serveSinceLast }],
  ['delta_mutex', { methods: READ, serve: serveSinceLast }],
  ['profile', { methods: READ, serve: serveCpuProfile }],
  ['symbol', symbol],
  ['trace', { methods: READ, serve: serveTrace }],
]);

/**
 * The route of a name. Whether there is a profile of that name is for the profile route to say. `go tool pprof` asks for
 * names next to the profile: next to `example.com/connections` it is `example.com/symbol`.
 */
export function routeOf(name: string, method: string): Route {
  const route = special.get(name);
  if (route !== undefined) return route;
  if (!name.endsWith('/symbol')) return profile;
  return method === 'POST' ? symbol : { methods: READ_AND_POST, serve: serveProfile };
}
