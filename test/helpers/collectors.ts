import { get } from 'node:http';
import { decode, type Int64, type Profile } from 'mprof/pprof';
import { checkFleetLimits, checkFleetRules } from './fleet-rules';

/*
 * What Grafana Alloy and Parca do with a target: which requests they make, which answers they take, and what they make of
 * them. Anything they would refuse, or drop later, is an error.
 */

/** What both ask for, unless told otherwise. */
export const DEFAULT_PATHS = ['allocs', 'block', 'goroutine', 'mutex', 'profile'] as const;

export interface Answer {
  status: number;
  type: string;
  encoding: string | undefined;
  body: Buffer;
}

/** A request as Go's HTTP client makes it. */
export function fetchAs(userAgent: string, url: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'User-Agent': userAgent, 'Accept-Encoding': 'gzip' };
    const req = get(url, { headers, signal: AbortSignal.timeout(timeoutMs) }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const { statusCode: status = 0, headers } = res;
        resolve({ status, type: headers['content-type'] ?? '', encoding: headers['content-encoding'], body: Buffer.concat(chunks) });
      });
    });
    req.on('error', reject);
  });
}

export interface Collector {
  /** Scrapes everything at this interval until the signal aborts. */
  run(interval: number, signal: AbortSignal): Promise<void>;
  /** Profiles taken, by path. */
  readonly scrapes: Map<string, number>;
  readonly errors: string[];
}

interface Kind {
  userAgent: string;
  /** How long the CPU profile lasts, and how long an answer may take, in seconds, of an interval in seconds. */
  window(interval: number): number;
  slack: number;
  /** All that is wrong with an answer, but for its content. */
  refuses(answer: Answer): string[];
  /** All that is wrong with it after the ones before. */
  keeps(path: string): (profile: Profile) => string[];
}

function collector({ userAgent, window, slack, refuses, keeps }: Kind, base: string, paths: readonly string[]): Collector {
  const scrapes = new Map<string, number>();
  const errors: string[] = [];

  async function loop(path: string, interval: number, signal: AbortSignal): Promise<void> {
    const keep = keeps(path);
    const seconds = window(interval);
    const url = `${base}/debug/pprof/${path}${path === 'profile' ? `?seconds=${seconds}` : ''}`;
    while (!signal.aborted) {
      const next = performance.now() + interval * 1000;
      const timeout = (slack + (path === 'profile' ? seconds : 0)) * 1000;
      const problems = await scrape(path, url, timeout, keep).catch((error: Error) => [`${error}`]);
      errors.push(...problems.map((problem) => `${userAgent} ${path}: ${problem}`));
      scrapes.set(path, (scrapes.get(path) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
    }
  }

  async function scrape(path: string, url: string, timeout: number, keep: (profile: Profile) => string[]): Promise<string[]> {
    const answer = await fetchAs(userAgent, url, timeout);
    const refused = refuses(answer);
    if (refused.length > 0) return refused;
    const violations = checkFleetRules(answer.body, { kind: path, windowed: path === 'profile' });
    const limits = checkFleetLimits(answer.body);
    return [...violations.map(({ rule, detail }) => `${rule}: ${detail}`), ...limits, ...keep(decode(answer.body))];
  }

  return {
    scrapes,
    errors,
    run: async (interval, signal) => void (await Promise.all(paths.map((path) => loop(path, interval, signal)))),
  };
}

/** Grafana Alloy, which hands what it gets on to Pyroscope: of counters, what they have grown by. */
export function alloy(base: string, paths: readonly string[]): Collector {
  const kind: Kind = {
    userAgent: 'Alloy/v1.10.0',
    window: (interval) => Math.max(1, Math.floor(interval) - 1),
    slack: 10,
    refuses: ({ status, type, encoding, body }) => [
      ...(status < 200 || status > 299 ? [`status ${status}: ${body}`] : []),
      ...(body.length <= 2 ? ['empty'] : []),
      ...(type.startsWith('application/octet-stream') ? [] : [`Content-Type ${type}`]),
      ...(encoding === undefined ? [] : [`Content-Encoding ${encoding}`]),
      ...(/^\s*(<|[{[])/.test(body.toString('latin1', 0, 64)) ? ['looks like text'] : []),
      ...(body[0] === 0x1f && body[1] === 0x8b ? [] : ['not gzip']),
    ],
    keeps: (path) => (['allocs', 'block', 'mutex'].includes(path) ? growth() : () => []),
  };
  return collector(kind, base, paths);
}

/** Parca, which keeps what it gets. */
export function parca(base: string, paths: readonly string[]): Collector {
  const kind: Kind = {
    userAgent: 'conprof/v0.24.0',
    window: (interval) => Math.max(1, Math.floor(interval)),
    slack: 3,
    refuses: ({ status, body }) => [...(status === 200 ? [] : [`status ${status}`]), ...(body.length > 0 ? [] : ['empty'])],
    // It takes counters of a process that has started anew for what they are; only time must not go back.
    keeps: () => forward(),
  };
  return collector(kind, base, paths);
}

/** At most so many values of a sample, and so many of them counters: Alloy has room for no more. */
const MAX_VALUES = 4;
const MAX_COUNTERS = 2;
const COUNTERS = new Set(['alloc_objects', 'alloc_space', 'contentions', 'delay']);

/** What has grown since the profile before, stacks being told apart by the addresses and labels of samples. */
function growth(): (profile: Profile) => string[] {
  const before = new Map<string, number[]>();
  return (profile) => {
    const types = profile.sampleType.map(({ type }) => profile.stringTable[Number(type)]!);
    const counters = types.flatMap((type, i) => (COUNTERS.has(type) ? [i] : []));
    if (types.length > MAX_VALUES || counters.length > MAX_COUNTERS) return [`${types.length} values, ${counters.length} of them counters`];
    return [...sumByKey(profile)].flatMap(([key, values]) => {
      const old = before.get(key);
      const now = counters.map((i) => values[i]!);
      before.set(key, now);
      return now.flatMap((value, i) => (value < (old?.[i] ?? 0) ? [`${value} after ${old![i]} of ${types[counters[i]!]} at ${key}`] : []));
    });
  };
}

function sumByKey(profile: Profile): Map<string, number[]> {
  const addresses = new Map<Int64, Int64>(profile.location.map(({ id, address }) => [id, address]));
  const sums = new Map<string, number[]>();
  for (const { locationId, label, value } of profile.sample) {
    const labels = label.map(({ key, str, num }) => [profile.stringTable[Number(key)], profile.stringTable[Number(str)], num].join());
    const key = `${locationId.map((id) => addresses.get(id)).join(' ')} ${labels.sort().join(' ')}`;
    const old = sums.get(key);
    sums.set(key, value.map((number, i) => Number(number) + (old?.[i] ?? 0)));
  }
  return sums;
}

function forward(): (profile: Profile) => string[] {
  let last: Int64 = 0;
  return ({ timeNanos }) => {
    const error = timeNanos > last ? [] : [`time ${timeNanos} after ${last}`];
    last = timeNanos;
    return error;
  };
}
