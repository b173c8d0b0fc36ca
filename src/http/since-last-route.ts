import { SinceLast } from '../profiles/since-last';
import type { PprofRequest } from './exchange';
import { parseQuery, toInt } from './params';
import { binary, type Answer } from './responses';

/** Prefix of the routes that tell what has happened since they were asked before, as godeltaprof's do. */
const PREFIX = 'delta_';

/** Whoever asks is told what nobody has been told. */
const sinceLast = new SinceLast();

/**
 * What has changed since the last answer of this route, to whomever; the first answer has everything. In use is what is
 * in use now. Parameters are `gc`, of the heap, and `full`, and nothing is an error.
 */
export async function serveSinceLast({ name, rawQuery, exchange, settings }: PprofRequest): Promise<Answer> {
  const kind = name.slice(PREFIX.length);
  const params = parseQuery(rawQuery);
  const gc = kind === 'heap' && toInt(params.get('gc')) > 0;
  const full = toInt(params.get('full')) > 0;
  settings.snapshots.enter(exchange.over);
  // A HEAD request gets no profile, so what would be in it is left for the next one who does.
  return binary(`${kind}.pprof.gz`, await sinceLast.tell(kind, { gc, keep: exchange.method === 'HEAD', full, signal: exchange.over }));
}
