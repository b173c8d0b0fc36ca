import { posix } from 'node:path';
import { checkText } from '../checks';

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

/** A request's URL, as far as it has reached the handler. */
export interface Target {
  url: string;
  /**
   * The URL as the client has sent it. Express and those who follow it take the path under which a handler is mounted off
   * `url`, add a slash if nothing is left, and keep the whole here.
   */
  originalUrl?: string | undefined;
}

/** The option `prefix`: nothing, or a path that a URL can begin with as it is. */
export function checkPrefix(name: string, value: unknown): asserts value is string {
  checkText(name, value, (text) => text === '' || /^(?:\/[\w.~!$&'()*+,;=:@%-]+)+$/.test(text) && posix.normalize(text) === text, 'a path such as "/admin"');
}

/**
 * Finds /debug/pprof in the URL of a request; undefined if the request is not for this handler.
 *
 * The prefix has to be there literally, not percent-encoded: frameworks compare paths that way, and an authorization
 * middleware on `/debug/pprof` must see every request that is served here. For the same reason a path with `//` or
 * `..` is not served but redirected.
 */
export function locate(target: Target, prefix: string): Location | undefined {
  const { path, mountLength, rawQuery } = fullPath(target);
  const clean = posix.normalize(path);
  const start = prefix === '' ? clean.indexOf(PREFIX) : clean.startsWith(prefix + PREFIX) ? prefix.length : -1;
  if (start === -1 || start > Math.max(mountLength, prefix.length)) return undefined;
  const directory = clean.slice(0, start + PREFIX.length) + '/';
  if (clean + '/' !== directory && !clean.startsWith(directory)) return undefined;
  if (clean !== path || clean.length < directory.length) {
    const redirect = clean.length < directory.length ? directory : clean;
    return { redirect: rawQuery === '' ? redirect : `${redirect}?${rawQuery}` };
  }
  return { directory, rawName: clean.slice(directory.length), rawQuery };
}

function fullPath({ url, originalUrl = url }: Target): { path: string; mountLength: number; rawQuery: string } {
  const [path, rawQuery] = splitUrl(url);
  const [original] = splitUrl(originalUrl);
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
