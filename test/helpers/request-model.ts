/*
 * Requests made of parts whose meaning is known, and from that the status that each must be answered with: decided in
 * the documented order of checks, without looking at how the server reads them.
 */

interface Part<Meaning> {
  raw: string;
  means: Meaning;
}

/** A parameter, or nothing where it is one that cannot be read. */
type Parameter = { name: string; value: string } | undefined;

export interface GeneratedRequest {
  method: string;
  /** As it is sent. */
  target: string;
  headers: string[];
  body: string | undefined;
  /** Bytes that are announced and never come. */
  missing: number;
  /** What may be answered: more than one only for a window, which others may have taken. */
  statuses: number[];
}

/** The server that is asked: the most seconds of a window, and whether clients have to know a secret. */
export interface Target {
  maxSeconds: number;
  secured: boolean;
}

const METHODS = [...Array<string>(12).fill('GET'), 'HEAD', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'];

type Place = 'served' | 'redirected' | 'elsewhere';
const DIRECTORIES: Part<Place>[] = [
  ...Array<Part<Place>>(12).fill({ raw: '/debug/pprof/', means: 'served' }),
  { raw: 'http://localhost/debug/pprof/', means: 'served' },
  { raw: '//debug//pprof/', means: 'redirected' },
  { raw: '/debug/pprof/./', means: 'redirected' },
  { raw: '/x/../debug/pprof/', means: 'redirected' },
  { raw: '/', means: 'elsewhere' },
  { raw: '/x/debug/pprof/', means: 'elsewhere' },
  { raw: '/debug/%70prof/', means: 'elsewhere' },
  { raw: '/debug/pprofx/', means: 'elsewhere' },
  { raw: '/DEBUG/pprof/', means: 'elsewhere' },
];

type Kind = 'profile' | 'process profile' | 'cpu' | 'symbol' | 'near symbol' | 'read' | 'trace' | 'unknown' | 'unreadable';
const NAMES: Part<Kind>[] = [
  ...['heap', 'allocs', 'block', 'mutex', 'goroutine', '%68eap', 'he%61p'].map((raw) => ({ raw, means: 'profile' as const })),
  { raw: 'threadcreate', means: 'process profile' },
  ...['', 'cmdline', 'delta_heap', 'delta_block', 'delta_mutex'].map((raw) => ({ raw, means: 'read' as const })),
  { raw: 'symbol', means: 'symbol' },
  { raw: '%73ymbol', means: 'symbol' },
  { raw: 'example.com/symbol', means: 'near symbol' },
  { raw: 'x%2Fsymbol', means: 'near symbol' },
  { raw: 'trace', means: 'trace' },
  ...['nope', 'Heap', 'heap/', 'heap%00', '%ff', '%C3%A9', '%2e%2e', '%0d%0aX:y', '<b>', '__proto__', 'constructor', 'toString', 'heap;', '+', 'a'.repeat(5000), '%41'.repeat(2000), '-delta'].map(
    (raw) => ({ raw, means: 'unknown' as const }),
  ),
  ...['%', '%z', '%zz', 'heap%', '%2', '%%32'].map((raw) => ({ raw, means: 'unreadable' as const })),
];

const parameter = (raw: string, name: string, value: string): Part<Parameter> => ({ raw, means: { name, value } });
const PARAMETERS: Part<Parameter>[] = [
  ...['0', '1', '2', '-1', 'abc', '1.0', '0x1', '', '9'.repeat(30), `-${'9'.repeat(30)}`].map((value) => parameter(`debug=${value}`, 'debug', value)),
  parameter('%64ebug=1', 'debug', '1'),
  parameter('debug=%31', 'debug', '1'),
  parameter('debug=+1', 'debug', ' 1'),
  parameter('debug', 'debug', ''),
  parameter('debug==1', 'debug', '=1'),
  ...['abc', '0', '-1', '1.5', '4', '9223372036854775807', '9223372036854775808', '9'.repeat(3000), '', 'NaN', 'Infinity', '1e0'].map((value) =>
    parameter(`seconds=${value}`, 'seconds', value),
  ),
  parameter('seconds=%2B4', 'seconds', '+4'),
  parameter('seconds=+1', 'seconds', ' 1'),
  ...['0', '1', 'x', '-1', '9'.repeat(30)].map((value) => parameter(`gc=${value}`, 'gc', value)),
  ...['0', '1', 'x', '-1', ''].map((value) => parameter(`full=${value}`, 'full', value)),
  ...['0', '-0', '00', '', 'x', '-1', '0.0', '99', '4294967295', '4294967296', '9'.repeat(3000)].map((value) => parameter(`thread=${value}`, 'thread', value)),
  parameter('thread=%2B0', 'thread', '+0'),
  parameter('thread=+0', 'thread', ' 0'),
  ...['', 'debug=1;x', 'seconds=1;', 'debug=%zz', '%zz=1', 'seconds=%', '=1', '__proto__=1', 'constructor=1', 'x'.repeat(3000), 'Debug=1', '%00=%00', '?'].map((raw) => ({
    raw,
    means: undefined,
  })),
];
/** Rare, as each takes a second, which is `maxSeconds`. */
const CPU_NAMES = ['profile', '%70rofile', 'profil%65'].map((raw): Part<Kind> => ({ raw, means: 'cpu' }));
const WINDOWS = [parameter('seconds=1', 'seconds', '1'), parameter('seconds=%2B1', 'seconds', '+1'), parameter('seconds=01', 'seconds', '01')];

type Origin = 'own' | 'other host' | 'other site';
const HEADERS: Part<Origin>[] = [
  ...Array<Part<Origin>>(20).fill({ raw: 'Host: localhost', means: 'own' }),
  { raw: 'Host: 127.0.0.1:1', means: 'own' },
  { raw: 'Host: [::1]', means: 'own' },
  { raw: 'Host: localhost\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin', means: 'own' },
  { raw: `Host: localhost\r\nCookie: ${'c'.repeat(2000)}`, means: 'own' },
  { raw: 'Host: evil.example', means: 'other host' },
  { raw: 'Host: ', means: 'other host' },
  { raw: 'Host: localhost@evil.example', means: 'other host' },
  { raw: 'Host: localhost\r\nOrigin: https://evil.example', means: 'other site' },
  { raw: 'Host: localhost\r\nOrigin: null', means: 'other site' },
  { raw: 'Host: localhost\r\nSec-Fetch-Site: cross-site', means: 'other site' },
  { raw: 'Host: localhost\r\nSec-Fetch-Site: same-site', means: 'other site' },
];

/** What the fixture's secured server wants, and what else is sent to it: no log may have any of it. */
export const SECRETS = { token: 'token-6Jk2wq', username: 'collector', password: 'password-9Zt4', other: 'cluster-token-3Xc8' };
const basic = (username: string, password: string): string => Buffer.from(`${username}:${password}`).toString('base64');
const BASIC = basic(SECRETS.username, SECRETS.password);
const OTHER_BASIC = basic(SECRETS.username, SECRETS.other);
/** Everything of which a part would tell a secret. */
export const SECRET_TEXTS = [SECRETS.token, SECRETS.password, SECRETS.other, BASIC, OTHER_BASIC];

/** The fixture's own authorize() throws an error with all headers where it is asked to. */
type Credentials = 'right' | 'wrong' | 'failing';
const CREDENTIALS: Part<Credentials>[] = [
  ...Array<Part<Credentials>>(12).fill({ raw: `Authorization: Bearer ${SECRETS.token}`, means: 'right' }),
  { raw: `authorization: bEARER ${SECRETS.token}`, means: 'right' },
  ...Array<Part<Credentials>>(4).fill({ raw: `Authorization: Basic ${BASIC}`, means: 'right' }),
  { raw: `Authorization: Bearer ${SECRETS.token}\r\nX-Fail: 1`, means: 'failing' },
  { raw: `Authorization: Basic ${BASIC}\r\nX-Fail: 1`, means: 'failing' },
  { raw: 'X-Nothing: 1', means: 'wrong' },
  { raw: `Authorization: Bearer ${SECRETS.other}`, means: 'wrong' },
  { raw: `Authorization: Bearer ${SECRETS.other}\r\nX-Fail: 1`, means: 'wrong' },
  { raw: `Authorization: Bearer ${SECRETS.token}x`, means: 'wrong' },
  { raw: `Authorization: Bearer ${SECRETS.token} ${SECRETS.token}`, means: 'wrong' },
  { raw: `Authorization: Basic ${SECRETS.token}`, means: 'wrong' },
  { raw: `Authorization: Basic ${OTHER_BASIC}`, means: 'wrong' },
  { raw: `Authorization: Bearer ${BASIC}`, means: 'wrong' },
  { raw: 'Authorization: Basic %%%', means: 'wrong' },
  { raw: 'Authorization: Bearer', means: 'wrong' },
  { raw: `Authorization: ${SECRETS.token}`, means: 'wrong' },
];

const BODIES = ['', '0x10', '0x10+0x20', 'debug=1&seconds=1', '\0\xff', '+'.repeat(2000), `0x${'f'.repeat(3000)}`];

/** Numbers below `below`, the same ones for the same seed. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One request. */
export function generateRequest(random: (below: number) => number, target: Target): GeneratedRequest {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const method = pick(METHODS);
  const directory = pick(DIRECTORIES);
  const name = pick(random(200) === 0 ? CPU_NAMES : NAMES);
  const parameters = Array.from({ length: random(4) }, () => pick(random(60) === 0 ? WINDOWS : PARAMETERS));
  const origin = pick(HEADERS);
  const credentials = pick(CREDENTIALS);
  const query = parameters.length === 0 ? '' : `?${parameters.map(({ raw }) => raw).join('&')}`;
  const meanings = parameters.map(({ means }) => means);
  return {
    method,
    target: directory.raw + name.raw + query,
    headers: [origin.raw, credentials.raw],
    body: method === 'GET' || method === 'HEAD' || method === 'TRACE' ? undefined : pick(BODIES),
    missing: 0,
    statuses: refusalOf(directory.means, origin.means, credentials.means, target) ?? statusesOf(method, directory.means, name.means, meanings, target.maxSeconds),
  };
}

/** A request whose body does not come to its end: nobody waits for it but the route that reads it, and for some time only. */
export function generateStalled(random: (below: number) => number, target: Target): GeneratedRequest {
  const method = random(3) === 0 ? 'PUT' : 'POST';
  const credentials = CREDENTIALS[random(CREDENTIALS.length)]!;
  return {
    method,
    target: '/debug/pprof/symbol',
    headers: ['Host: localhost', credentials.raw],
    body: BODIES[random(BODIES.length)]!,
    missing: 1 + random(1000),
    statuses: refusalOf('served', 'own', credentials.means, target) ?? (method === 'POST' ? [408] : [405]),
  };
}

/** Of requests that are refused whatever they ask for. */
function refusalOf(place: Place, origin: Origin, credentials: Credentials, { secured }: Target): number[] | undefined {
  if (origin === 'other host') return [403];
  if (place === 'elsewhere') return [404];
  if (origin === 'other site') return [403];
  if (!secured || credentials === 'right') return undefined;
  return credentials === 'wrong' ? [401] : [500];
}

function statusesOf(method: string, place: Place, kind: Kind, parameters: Parameter[], maxSeconds: number): number[] {
  const reads = method === 'GET' || method === 'HEAD';
  if (place === 'redirected') return [reads ? 301 : 405];
  if (kind === 'unreadable') return [400];
  const symbol = kind === 'symbol' || (kind === 'near symbol' && method === 'POST');
  if (!reads && !(symbol && method === 'POST')) return [405];
  if (symbol || kind === 'read') return [200];
  if (kind === 'trace') return [501];
  if (kind !== 'profile' && kind !== 'process profile' && kind !== 'cpu') return [404];
  const first = (wanted: string): string => parameters.find((parameter) => parameter?.name === wanted)?.value ?? '';
  const thread = threadOf(first('thread'));
  if (thread === 'unreadable' || (thread !== undefined && kind === 'process profile')) return [400];
  const done = thread === 'unknown' ? 404 : 200;
  const seconds = integer(first('seconds')) ?? 0n;
  const isPositive = seconds > 0n && seconds < 2n ** 63n;
  // Go takes anything else for 30 s, which is more than there may be.
  if (kind === 'cpu') return isPositive && seconds > maxSeconds ? [400] : [done, 503];
  if (first('seconds') === '') return [done];
  if (!isPositive || seconds > maxSeconds || (integer(first('debug')) ?? 0n) !== 0n) return [400];
  return [done, 503];
}

/** Only the main thread is there. */
function threadOf(text: string): 'main' | 'unknown' | 'unreadable' | undefined {
  if (text === '') return undefined;
  const thread = integer(text) ?? -1n;
  if (thread < 0n || thread >= 2n ** 32n) return 'unreadable';
  return thread === 0n ? 'main' : 'unknown';
}

function integer(text: string): bigint | undefined {
  const digits = /^[+-]/.test(text) ? text.slice(1) : text;
  const isNumber = digits !== '' && [...digits].every((digit) => digit >= '0' && digit <= '9');
  if (!isNumber) return undefined;
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}
