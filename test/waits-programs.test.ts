import t from 'tap';
import { fixture, MAJOR, runJson } from './helpers/child';

/* Profiling waits changes nothing that a program can see, and can be switched on and off at any time. */

/** Callers of a stack, and whether its promise job may have ended a recorded wait before. */
interface Callers {
  after: boolean;
  callers: string;
}
interface Run {
  programs: { seed: number; log: (string | Callers)[] }[];
  waitFailures: number;
}

/** Set to the seed of one program, to run only that. */
const SEED = process.env.MPROF_TEST_SEED;
/** Each version of Node.js runs others. See the fixture: with odd seeds at first it compares the numbers of resources too. */
const FIRST = 10_000 * MAJOR;
const RANGES: [first: number, count: number][] = SEED === undefined ? [[FIRST + 1, 150], [FIRST + 1000, 150]] : [[Number(SEED), 1]];

t.test('random programs do the same', async (t) => {
  for (const [first, count] of RANGES) {
    const run = (mode: string): Promise<Run> => runJson(fixture('random-programs.cjs'), { flags: ['--expose-gc'], args: [String(first), String(count), mode] });
    const off = await run('off');
    t.equal(off.programs.length, count);
    for (const mode of ['off', 'on', 'toggled']) {
      await t.test(`${count} programs from ${first} on, with waits ${mode}`, async (t) => {
        const other = await run(mode);
        t.equal(other.waitFailures, 0, 'nothing fails inside');
        let entries = 0;
        let stacks = 0;
        let cut = 0;
        for (const [i, { seed, log }] of off.programs.entries()) {
          const others = other.programs[i]!.log;
          entries += log.length;
          const isCut = (entry: number): boolean => isWithoutCallers(log[entry], others[entry]);
          cut += log.filter((_, entry) => isCut(entry)).length;
          stacks += log.filter((entry) => typeof entry === 'object' && entry.callers !== '').length;
          const differing = log.findIndex((entry, place) => JSON.stringify(entry) !== JSON.stringify(others[place]) && !isCut(place));
          if (differing < 0 && others.length === log.length) continue;
          const place = differing < 0 ? log.length : differing;
          t.same(others.slice(place - 3, place + 1), log.slice(place - 3, place + 1), `seed ${seed}, entry ${place}`);
        }
        t.comment(`${entries} entries compared; ${cut} of ${stacks} stacks are without their asynchronous callers, after a recorded settling`);
        t.ok(entries > 20 * count && stacks > count, 'programs log much');
        if (mode === 'off') t.equal(cut, 0);
      });
    }
  }
});

/** What is known to differ: in the rest of a job that has ended a recorded wait, stacks have no asynchronous callers. */
function isWithoutCallers(expected: string | Callers | undefined, actual: string | Callers | undefined): boolean {
  if (typeof expected !== 'object' || typeof actual !== 'object') return false;
  return expected.after && actual.after && expected.callers !== '' && actual.callers === '';
}

interface Toggled {
  switches: number;
  /** Resident and heap bytes from the first thousand times to the last. */
  grown: { heapUsed: number; rss: number };
  /** Waits by function, over what they spanned. */
  counted: Record<string, number>;
  waitFailures: number;
  /** Of a promise made while waits were off, after they had been on. */
  ownKeys: number;
  stacks: { before: string; on: string; after: string };
  atomicsRestored: boolean;
}

for (const where of ['main', 'worker', 'context']) {
  t.test(`switching on and off while waits are under way, ${where}`, async (t) => {
    const result = await runJson<Toggled>(fixture('toggle-waits.cjs'), { flags: ['--expose-gc'], args: [where] });
    t.equal(result.switches, 10_000);
    t.equal(result.waitFailures, 0, 'nothing fails inside');
    t.ok(result.grown.heapUsed < 2e6, `heap has grown by ${result.grown.heapUsed}`);
    t.ok(result.grown.rss < 100e6, `memory has grown by ${result.grown.rss}`);
    t.same(result.counted, { within: 20 }, 'counted are waits that begin and end while on, each once');
    t.equal(result.ownKeys, 0, 'nothing is seen on promises');
    t.equal(result.stacks.on, result.stacks.before, 'stacks are the same while on');
    t.equal(result.stacks.after, result.stacks.before, 'and after');
    t.ok(result.atomicsRestored, 'Atomics has its own functions again');
  });
}
