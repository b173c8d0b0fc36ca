import { checkBoolean, checkFunction, checkInteger, checkObject } from '../checks';
import { authenticator, type Authentication, type Authenticator } from './authentication';
import { Limit } from './limit';
import { checkPrefix } from './location';

/** What a handler serves, and to whom. `Req` is the kind of request that its server knows. */
export interface HandlerOptions<Req> extends Authentication {
  /**
   * Decides about each request below /debug/pprof, after token or password: `true` lets it through, anything else is
   * answered with status 403, an error with status 500.
   */
  authorize?: (req: Req) => boolean | Promise<boolean>;
  /**
   * Path in front of /debug/pprof, such as `/admin`, where a framework leaves it in the URL. Express and NestJS do not: a
   * handler that is mounted there finds out by itself. Default: none.
   */
  prefix?: string;
  /**
   * Whether /debug/pprof/cmdline tells the arguments of the process, which may hold secrets. Default: only where `listen`
   * serves this machine alone.
   */
  cmdline?: boolean;
  /**
   * Whether `full=1` has the goroutine profile list every pending await, for which V8 stops the thread. Default: only where
   * `listen` serves this machine alone.
   */
  fullGoroutine?: boolean;
  /** Largest value of the parameter `seconds`, up to 86400. Default 60. */
  maxSeconds?: number;
  /** How many requests with a window of time are worked on at once. Default 16. More get status 503. */
  maxWindows?: number;
  /** How many other requests for a profile are worked on at once, sending included. Default 16. More get status 503. */
  maxSnapshots?: number;
  /**
   * Whether a CPU profile is refused while another one of this thread is under way, with Go's status 500. Otherwise each
   * gets its own. Default false.
   */
  exclusiveCpuProfile?: boolean;
  /**
   * Milliseconds that a client may take to send a body, and to read an answer; its connection is closed then. Default
   * 30000. A handler of fetch requests cannot tell when an answer has been read.
   */
  clientTimeout?: number;
}

/** Checked options, and what is counted over all requests of a handler. */
export interface Settings {
  readonly authenticate: Authenticator;
  readonly prefix: string;
  readonly cmdline: boolean;
  readonly fullGoroutine: boolean;
  readonly maxSeconds: number;
  readonly exclusiveCpuProfile: boolean;
  readonly clientTimeout: number;
  readonly windows: Limit;
  readonly snapshots: Limit;
  readonly bodies: Limit;
}

/** A day: far beyond any use, and within what a timer can wait. */
const DAY = 86_400;

/** Checks options; `authorize` is for the caller to apply, who has the request it is called with. */
export function settingsOf<Req>(options: HandlerOptions<Req>): Settings {
  checkObject('options', options);
  const { prefix = '', cmdline = false, fullGoroutine = false, exclusiveCpuProfile = false, authorize } = options;
  const { maxSeconds = 60, maxWindows = 16, maxSnapshots = 16, clientTimeout = 30_000 } = options;
  checkPrefix('prefix', prefix);
  checkBoolean('cmdline', cmdline);
  checkBoolean('fullGoroutine', fullGoroutine);
  checkBoolean('exclusiveCpuProfile', exclusiveCpuProfile);
  checkInteger('maxSeconds', maxSeconds, 1, DAY);
  checkInteger('maxWindows', maxWindows, 1, 1000);
  checkInteger('maxSnapshots', maxSnapshots, 1, 1000);
  checkInteger('clientTimeout', clientTimeout, 1, DAY * 1000);
  if (authorize !== undefined) checkFunction('authorize', authorize);
  return {
    authenticate: authenticator(options),
    prefix,
    cmdline,
    fullGoroutine,
    maxSeconds,
    exclusiveCpuProfile,
    clientTimeout,
    windows: new Limit(maxWindows),
    snapshots: new Limit(maxSnapshots),
    bodies: new Limit(maxSnapshots),
  };
}
