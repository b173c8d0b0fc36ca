import { createHash, timingSafeEqual } from 'node:crypto';
import { checkSecret } from '../checks';

/** What a client has to know. With both a token and a password, either will do. */
export interface Authentication {
  /** Clients must send `Authorization: Bearer TOKEN`. */
  token?: string;
  /** Clients must send this name and the password, as `Authorization: Basic ...`. */
  username?: string;
  password?: string;
}

/**
 * Takes the Authorization header of a request. Returns undefined if the client may come in, and otherwise what the
 * WWW-Authenticate headers have to say.
 */
export type Authenticator = (header: string | undefined) => readonly string[] | undefined;

/**
 * Compares what clients send with what they have to know, in a time that does not depend on where the two differ: not
 * the secrets themselves are compared but their hashes.
 */
export function authenticator({ token, username, password }: Authentication): Authenticator {
  const accepted = new Map<string, Buffer>();
  const challenges: string[] = [];
  if (token !== undefined) {
    checkSecret('token', token, /^[!-~]+$/, 'a non-empty string of printable ASCII characters without spaces');
    accepted.set('bearer', digest(token));
    challenges.push('Bearer realm="mprof"');
  }
  if (username !== undefined || password !== undefined) {
    checkSecret('username', username, /^[^\0-\x1f\x7f:]+$/, 'a non-empty string without colons and control characters');
    checkSecret('password', password, /^[^\0-\x1f\x7f]+$/, 'a non-empty string without control characters');
    accepted.set('basic', digest(`${username}:${password}`));
    challenges.push('Basic realm="mprof", charset="UTF-8"');
  }
  if (accepted.size === 0) return () => undefined;
  return (header = '') => {
    const [, scheme = '', credentials = ''] = /^([a-z]+) +([^ ]+) *$/i.exec(header) ?? [];
    const expected = accepted.get(scheme.toLowerCase());
    const sent = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : credentials;
    return expected !== undefined && timingSafeEqual(digest(sent), expected) ? undefined : challenges;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
