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
  /** What may be answered: more than one only for a window, which others may have taken. */
  statuses: number[];
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

type Kind = 'profile' | 'symbol' | 'near symbol' | 'read' | 'trace' | 'unknown' | 'unreadable';
const NAMES: Part<Kind>[] = [
  ...['heap', 'allocs', 'block', 'mutex', 'goroutine', 'threadcreate', '%68eap', 'he%61p'].map((raw) => ({ raw, means: 'profile' as const })),
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
  parameter('gc=0', 'gc', '0'),
  parameter('gc=x', 'gc', 'x'),
  ...['', 'debug=1;x', 'seconds=1;', 'debug=%zz', '%zz=1', 'seconds=%', '=1', '__proto__=1', 'constructor=1', 'x'.repeat(3000), 'Debug=1', '%00=%00', '?'].map((raw) => ({
    raw,
    means: undefined,
  })),
];
/** Rare, as each takes a second. */
const WINDOWS = [parameter('seconds=1', 'seconds', '1'), parameter('seconds=%2B1', 'seconds', '+1'), parameter('seconds=01', 'seconds', '01')];

type Origin = 'own' | 'other host' | 'other site';
const HEADERS: Part<Origin>[] = [
  ...Array<Part<Origin>>(20).fill({ raw: 'Host: localhost', means: 'own' }),
  { raw: 'Host: 127.0.0.1:1', means: 'own' },
  { raw: 'Host: [::1]', means: 'own' },
  { raw: 'Host: localhost\r\nAuthorization: Basic %%%', means: 'own' },
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

const BODIES = ['', '0x10', '0x10+0x20', 'debug=1&seconds=1', '\0\xff', '+'.repeat(2000), `0x${'f'.repeat(3000)}`];

/** Numbers below `below`, the same ones for the same seed. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One request. `maxSeconds` is the server's limit. */
export function generateRequest(random: (below: number) => number, maxSeconds: number): GeneratedRequest {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const method = pick(METHODS);
  const directory = pick(DIRECTORIES);
  const name = pick(NAMES);
  const parameters = Array.from({ length: random(4) }, () => pick(random(60) === 0 ? WINDOWS : PARAMETERS));
  const origin = pick(HEADERS);
  const query = parameters.length === 0 ? '' : `?${parameters.map(({ raw }) => raw).join('&')}`;
  const meanings = parameters.map(({ means }) => means);
  return {
    method,
    target: directory.raw + name.raw + query,
    headers: [origin.raw],
    body: method === 'GET' || method === 'HEAD' || method === 'TRACE' ? undefined : pick(BODIES),
    statuses: statusesOf(method, directory.means, name.means, meanings, origin.means, maxSeconds),
  };
}

function statusesOf(method: string, place: Place, kind: Kind, parameters: Parameter[], origin: Origin, maxSeconds: number): number[] {
  if (origin === 'other host') return [403];
  if (place === 'elsewhere') return [404];
  if (origin === 'other site') return [403];
  const reads = method === 'GET' || method === 'HEAD';
  if (place === 'redirected') return [reads ? 301 : 405];
  if (kind === 'unreadable') return [400];
  const symbol = kind === 'symbol' || (kind === 'near symbol' && method === 'POST');
  if (!reads && !(symbol && method === 'POST')) return [405];
  if (symbol || kind === 'read') return [200];
  if (kind === 'trace') return [501];
  if (kind !== 'profile') return [404];
  const first = (wanted: string): string => parameters.find((parameter) => parameter?.name === wanted)?.value ?? '';
  if (first('seconds') === '') return [200];
  const seconds = integer(first('seconds')) ?? 0;
  if (seconds <= 0 || seconds > maxSeconds || (integer(first('debug')) ?? 0) !== 0) return [400];
  return [200, 503];
}

function integer(text: string): number | undefined {
  const digits = /^[+-]/.test(text) ? text.slice(1) : text;
  const isNumber = digits !== '' && [...digits].every((digit) => digit >= '0' && digit <= '9');
  return isNumber ? Number(text) : undefined;
}
