import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveIndex } from './index-page';
import { serveProfile } from './profile-route';
import { TEXT, type Answer } from './responses';
import { serveSymbol } from './symbol';

/** A request for something below /debug/pprof/. */
export interface PprofRequest {
  /** What follows /debug/pprof/, decoded. */
  name: string;
  /** The path up to the name. */
  directory: string;
  rawQuery: string;
  req: IncomingMessage;
  res: ServerResponse;
}

interface Route {
  methods: readonly string[];
  serve(request: PprofRequest): Answer | Promise<Answer>;
}

/** The methods of every route. */
export const READ: readonly string[] = ['GET', 'HEAD'];

/** What is not a registered profile. */
const special = new Map<string, Route>([
  ['', { methods: READ, serve: serveIndex }],
  ['cmdline', { methods: READ, serve: serveCmdline }],
  ['symbol', { methods: [...READ, 'POST'], serve: serveSymbol }],
]);

const profile: Route = { methods: READ, serve: serveProfile };

/** The route of a name. Whether there is a profile of that name is for the profile route to say. */
export function routeOf(name: string): Route {
  return special.get(name) ?? profile;
}

/** The command line, its parts separated by NUL. */
function serveCmdline(): Answer {
  return { status: 200, contentType: TEXT, body: process.argv.join('\0') };
}
