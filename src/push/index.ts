/**
 * Profiles for jobs that end before a collector finds them: sent by the process itself.
 *
 *     import { start } from 'mprof';
 *     import { push } from 'mprof/push';
 *     start();
 *     push({ to: 'pyroscope', url: 'http://pyroscope:4040', labels: { service_name: 'nightly-report' } });
 *
 * @module
 */
import { basename } from 'node:path';
import { checkFunction, checkNumber, checkObject, checkText, wrongType } from '../checks';
import { codedError } from '../errors';
import { program } from '../profiles/program';
import { Outbox, type OutboxCounters } from './outbox';
import { Rounds } from './rounds';
import { TARGETS } from './targets';

/** Where profiles are sent, and how often. */
export interface PushOptions {
  /** The kind of server: `pyroscope`, `parca`, or `otel` for an OpenTelemetry Collector with a pprof receiver. */
  to: 'pyroscope' | 'parca' | 'otel';
  /** Its address, such as `http://pyroscope:4040`; a path in it comes before the server's own. */
  url: string | URL;
  /** Sent with each request, such as `{ Authorization: 'Bearer ...' }`. */
  headers?: Record<string, string>;
  /** Seconds between profiles, from 1 to 86,400. Default 15; a tenth more or less at random, so that many processes spread. */
  interval?: number;
  /** Names are of letters, digits and underscores. Default for `service_name`: the program's file name. The OpenTelemetry receiver takes none. */
  labels?: Record<string, string>;
  /** Told when a message could not be sent at first, and when one is dropped. Default: a warning of the process. */
  onError?: (error: Error) => void;
}

/** Counts since push(). */
export type PushStats = OutboxCounters;

/** Profiles being sent. */
export interface Pusher {
  /**
   * Takes the profiles once more, after a garbage collection, and sends them and what is waiting, with one attempt each and within five seconds, for
   * which the process is kept alive. Nothing is sent from then on. To be awaited before process.exit().
   */
  stop(): Promise<void>;
  stats(): PushStats;
}

const LABEL = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;
/** As HTTP has them. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ANY_LABEL_VALUE = /^/;
const FINISH_MS = 5000;

/**
 * Sends the profiles to a server, every 15 seconds by default, and once more when the process has nothing left to do: heap and
 * goroutine, and block and mutex where there is something in them. To pyroscope and otel goes what was counted since the last time, with what is in
 * use; to parca what was counted since the start. A message that the server does not take is sent again, up to 15 times, after about
 * a second at first and a minute at last; at most 16 MiB wait, and what is given up is counted. Where a server has taken one and not
 * answered within ten seconds, it gets it twice.
 *
 * It starts no profiler, and keeps the process alive for nothing but the last sending.
 *
 * @throws TypeError or RangeError for bad options; nothing has changed then
 */
export function push(options: PushOptions): Pusher {
  const { to, url, headers, interval, labels, onError } = checkOptions(options);
  // What a function of the program's throws is its own affair.
  const report = (error: Error): void => process.nextTick(onError, error);
  const outbox = new Outbox({ url, headers }, report);
  const target = TARGETS[to];
  const rounds = new Rounds(target.wantsDeltas, interval, (profiles) => outbox.add(target.messages(profiles, labels)), report);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= finish());
  process.once('beforeExit', stop);
  return { stop, stats: () => outbox.counters() };

  async function finish(): Promise<void> {
    process.removeListener('beforeExit', stop);
    await rounds.stop();
    await outbox.finish(FINISH_MS);
  }
}

function checkOptions(options: PushOptions): Required<PushOptions> & { url: URL } {
  checkObject('options', options);
  const { to, url, headers = {}, interval = 15, labels = {}, onError = (error: Error): void => process.emitWarning(error) } = options;
  checkText('to', to, (name) => Object.hasOwn(TARGETS, name), `one of ${Object.keys(TARGETS).join(', ')}`);
  const address = checkUrl(url);
  checkTexts('headers', headers, HEADER, HEADER_VALUE);
  checkNumber('interval', interval, (value) => value >= 1 && value <= 86_400, 'a number from 1 to 86400');
  checkTexts('labels', labels, LABEL, ANY_LABEL_VALUE);
  checkFunction('onError', onError);
  return { to, url: address, headers: { ...headers }, interval, labels: { service_name: basename(program()), ...labels }, onError };
}

function checkUrl(url: unknown): URL {
  const rule = 'an http: or https: URL';
  if (typeof url !== 'string' && !(url instanceof URL)) throw wrongType('url', rule, url);
  // It may hold a password, and is not shown.
  if (!URL.canParse(String(url)) || !/^https?:$/.test(new URL(url).protocol)) throw codedError('ERR_MPROF_OUT_OF_RANGE', `url must be ${rule}`);
  return new URL(url);
}

function checkTexts(name: string, texts: unknown, keys: RegExp, values: RegExp): void {
  checkObject(name, texts);
  for (const [key, value] of Object.entries(texts)) {
    checkText(`names in ${name}`, key, (text) => keys.test(text), `like ${keys.source}`);
    // Values may be secrets.
    if (typeof value !== 'string') throw codedError('ERR_MPROF_INVALID_ARG_TYPE', `${name}.${key} must be a string, got ${typeof value}`);
    if (!values.test(value)) throw codedError('ERR_MPROF_OUT_OF_RANGE', `${name}.${key} must be like ${values.source}`);
  }
}
