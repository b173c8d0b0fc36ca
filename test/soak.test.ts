import t from 'tap';
import { fixture, FULL, runJson } from './helpers/child';

/*
 * More of everything than the tables hold, for a long time: `npm run soak` takes half an hour, MPROF_TEST_SCALE=full five
 * minutes.
 */

const SECONDS = Number(process.env.MPROF_SOAK_SECONDS ?? (FULL ? 300 : 5));

interface Soak {
  made: { objects: number; bytes: number };
  estimated: { bytes: number; bytesVariance: number };
  functions: number;
  workers: number;
  samples: number;
  overflowedSamples: number;
  tables: Record<string, number>;
  tableBytes: number[];
  rss: number[];
}

/** The median of a third of the readings, the first one being 0. */
function median(readings: number[], third: number): number {
  const part = readings.slice((third * readings.length) / 3, ((third + 1) * readings.length) / 3).sort((a, b) => a - b);
  return part[part.length >> 1]!;
}

const inMib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

t.test('memory stays within its bounds, and totals right', { timeout: (SECONDS + 120) * 1000 }, async (t) => {
  const soak = await runJson<Soak>(fixture('soak.cjs'), { flags: ['--expose-gc'], args: [String(SECONDS)] });
  const { rss, tableBytes, made, estimated, ...counts } = soak;
  t.comment(JSON.stringify({ ...counts, made, estimated }));
  t.comment(`RSS ${[0, 1, 2].map((third) => inMib(median(rss, third)))}, tables ${[0, 1, 2].map((third) => inMib(median(tableBytes, third)))}`);

  t.ok(Math.max(...tableBytes) <= 64 * 2 ** 20, `tables: ${inMib(Math.max(...tableBytes))}`);
  // What they have grown by may have been added, and what garbage collections have left over differs.
  const growth = median(rss, 2) - median(rss, 1) - (median(tableBytes, 2) - median(tableBytes, 1));
  t.ok(growth < 32 * 2 ** 20, `the process has grown by ${inMib(growth)}`);

  // A normal variable is off by more than six standard errors in 1 of 500 million runs. Under (overflow) is, besides the
  // objects of known sizes, whatever else had no record when the tables were full.
  const error = 6 * Math.sqrt(estimated.bytesVariance);
  t.ok(estimated.bytes > made.bytes - error, `${estimated.bytes} bytes of ${made.bytes}`);
  t.ok(estimated.bytes < 1.1 * made.bytes + error);
  t.ok(counts.workers > 2, `${counts.workers} workers`);
  if (SECONDS >= 60) t.ok(counts.overflowedSamples > 0, 'the tables have been full');
});
