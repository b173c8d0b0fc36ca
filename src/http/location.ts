import type { IncomingMessage } from 'node:http';
import { posix } from 'node:path';

const PREFIX = '/debug/pprof';

/** Where a request below /debug/pprof points, or where it has to go instead. */
export type Location =
  | {
      /** The path in front of the name, `/debug/pprof/` and what a framework mounted the handler under. */
      directory: string;
      /** What follows, still percent-encoded. */
      rawName: string;
      rawQuery: string;
    }
  | { redirect: string };

/**
 * Finds /debug/pprof in the URL of a request; undefined if the request is not for this handler.
 *
 * The prefix has to be there literally, not percent-encoded: frameworks compare paths that way, and an authorization
 * middleware on `/debug/pprof` must see every request that is served here. For the same reason a path with `//` or
 * `..` is not served but redirected.
 */
export function locate(req: IncomingMessage): Location | undefined {
  const { path, mountLength, rawQuery } = fullPath(req);
  const clean = posix.normalize(path);
  const start = clean.indexOf(PREFIX);
  if (start === -1 || start > mountLength) return undefined;
  const directory = clean.slice(0, start + PREFIX.length) + '/';
  if (clean + '/' !== directory && !clean.startsWith(directory)) return undefined;
  if (clean !== path || clean.length < directory.length) {
    const target = clean.length < directory.length ? directory : clean;
    return { redirect: rawQuery === '' ? target : `${target}?${rawQuery}` };
  }
  return { directory, rawName: clean.slice(directory.length), rawQuery };
}

/**
 * The path as the client sent it. Express and those who follow it take the path under which a handler is mounted off
 * `url`, add a slash if nothing is left, and keep the whole in `originalUrl`.
 */
function fullPath(req: IncomingMessage & { originalUrl?: string }): {
  path: string;
  mountLength: number;
  rawQuery: string;
} {
  const [path, rawQuery] = splitUrl(req.url ?? '');
  const [original] = splitUrl(req.originalUrl ?? req.url ?? '');
  if (original.endsWith(path)) return { path: original, mountLength: original.length - path.length, rawQuery };
  if (path === '/') return { path: original, mountLength: original.length, rawQuery };
  return { path, mountLength: 0, rawQuery };
}

function splitUrl(url: string): [path: string, rawQuery: string] {
  // A server also has to understand the form that is meant for proxies, with the origin in front of the path.
  const relative = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = relative.indexOf('?');
  return mark === -1 ? [relative, ''] : [relative.slice(0, mark), relative.slice(mark + 1)];
}
