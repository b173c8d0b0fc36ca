import t from 'tap';
import { fixture, isTurnOf, runJson, UNOPTIMISED } from './helpers/child';

/* Nothing is lost, and nothing left behind, when the profiler is started, stopped, changed and loaded again and again. */

const run = <T>(scenario: string, where: string): Promise<T> =>
  runJson<T>(fixture('restarts.cjs'), { args: [scenario, where], flags: [...UNOPTIMISED, '--expose-gc'] });

for (const where of ['main', 'worker']) {
  if (where === 'main' || isTurnOf(20, 24)) {
    t.test(`started and stopped 10,000 times, ${where}`, async (t) => {
      interface Reading {
        rss: number;
        heapUsed: number;
        tables: Record<string, number>;
        liveSamples: number;
        site: [number, number];
      }
      const { made, heap, readings } = await run<{ made: number; heap: string; readings: Reading[] }>('started and stopped', where);
      t.equal(made, 10_000);
      t.equal(heap, 'off');
      t.same(readings.map(({ site: [allocated] }) => allocated), [2000, 4000, 6000, 8000, 10_000], 'each object is counted, once');
      const [early, late] = [readings[1]!, readings[4]!];
      t.ok(late.site[1] <= 20, `${late.site[1]} are in use`);
      // Between them, 8 KB each time would be as much.
      t.ok(late.rss - early.rss < 48e6, `memory has grown by ${late.rss - early.rss}`);
      t.ok(late.heapUsed - early.heapUsed < 2e6, `the heap has grown by ${late.heapUsed - early.heapUsed}`);
      for (const [table, rows] of Object.entries(late.tables)) {
        t.ok(rows - early.tables[table]! < 1000, `${table}: ${early.tables[table]} rows, later ${rows}`);
      }
    });
  }

  t.test(`rates changed under load, ${where}`, async (t) => {
    const { expected, readings, ...known } = await run<{ expected: number; readings: number }>('rates changed under load', where);
    t.same(known, { site: [expected, 5], isMonotone: true, heap: 'running', waitFailures: 0 }, 'each object is counted, and no change is lost');
    t.ok(readings >= 3, `${readings} profiles were read meanwhile`);
  });
}

t.test('loaded again', async (t) => {
  const { copies, made, sites, seen } = await run<{ copies: number; made: number; sites: number[]; seen: string[] }>('loaded again', 'main');
  t.equal(made, 40);
  t.same(sites, Array<number>(copies).fill(40), `${copies} copies know every object: ${seen}`);
});
