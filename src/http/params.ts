import { HttpError } from './responses';

/** Query parameters by Go's rules: the first value of a name wins, and a pair that cannot be read does not count. */
export function parseQuery(rawQuery: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = unescapeQuery(equals === -1 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined || params.has(name)) continue;
    params.set(name, value);
  }
  return params;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** What Go's Atoi returns beside its error: 0 for what is not an integer, the nearest one for what is too large. */
export function toInt(text = ''): number {
  const value = parseInteger(text) ?? 0n;
  if (value > MAX_SAFE) return Number.MAX_SAFE_INTEGER;
  return Number(value < -MAX_SAFE ? -MAX_SAFE : value);
}

/** The length of a window: a positive integer of 64 bits, however long a window may be. */
export function toSeconds(text: string): number {
  const seconds = parseInteger(text) ?? 0n;
  if (seconds <= 0n || seconds > MAX_INT64) {
    throw new HttpError(400, 'invalid value for "seconds" - must be a positive integer');
  }
  return Number(seconds);
}

/** The thread that is asked for, to be put into options; nothing where none is. */
export function toThread(text = ''): { thread?: number } {
  if (text === '') return {};
  const thread = parseInteger(text) ?? -1n;
  if (thread < 0n || thread >= 2n ** 32n) throw new HttpError(400, 'invalid value for "thread" - must be the threadId of a thread');
  return { thread: Number(thread) };
}

/** A base-10 integer with an optional sign, too large beyond 30 digits, or undefined for any other text. */
function parseInteger(text: string): bigint | undefined {
  const [, sign, digits = ''] = /^([+-]?)0*([0-9]+)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  // More digits than anybody compares with would only take time.
  const value = BigInt(digits.slice(0, 30));
  return sign === '-' ? -value : value;
}

/** Undoes percent escapes; undefined if one of them is malformed. Bytes that are not UTF-8 become U+FFFD. */
export function unescapePercent(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function unescapeQuery(text: string): string | undefined {
  return unescapePercent(text.replaceAll('+', ' '));
}
