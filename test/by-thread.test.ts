import t from 'tap';
import { cpuProfile, lookup, memProfile } from 'mprof';
import { fixture, runJson, UNOPTIMISED } from './helpers/child';

/* Profiles of one thread. */

type Sums = [allocated: number, inUse: number, waits: number, handOffs: number];

interface Seen {
  alone: [Sums, Sums];
  rowsAlone: number;
  all: Sums;
  each: Sums[];
  rows: boolean;
  http: {
    heap: { statuses: number[]; comments: string[]; share: number };
    allocs: { statuses: number[]; comments: string[]; share: number };
    block: [number, number, string][];
    text: string[];
    window: [number, number, string];
    errors: string[];
  };
  fresh: number[];
  goroutine: [number, boolean][];
  busy: string;
  ended: Sums;
  left: Sums[];
  error: string[];
  endedAll: [Sums, Sums];
}

t.test('heap, block and mutex', async (t) => {
  const seen = await runJson<Seen>(fixture('by-thread.cjs'), { flags: [...UNOPTIMISED, '--expose-gc'] });
  const [main, first, second] = [[20, 20, 3, 3], [30, 30, 4, 4], [10, 10, 2, 2]];
  t.same(seen.alone, [[0, 0, 0, 0], [0, 0, 0, 0]]);
  t.equal(seen.rowsAlone, 0, 'nothing is kept for a thread that is alone');
  t.same(seen.all, [60, 60, 9, 9]);
  t.same(seen.each, [main, first, second], 'of each thread, what it has done itself');
  t.equal(seen.rows, true);

  for (const profile of ['heap', 'allocs'] as const) {
    const { statuses, comments, share } = seen.http[profile];
    t.same(statuses, [200, 200, 200]);
    t.match(comments, [/^the main thread alone$/, /^thread \d+ alone$/, /^thread \d+ alone$/]);
    // There is more from one request to the next.
    t.ok(share > 0.999 && share < 4, `${profile}: the threads add up to ${share.toFixed(3)} times the whole of just before`);
  }
  t.same(seen.http.block.map(([status]) => status), [200, 200, 200]);
  t.match(seen.http.text, [/^heap profile: /, '--- contention:', '--- mutex:']);
  t.match(seen.http.window, [200, Number, /^thread \d+ alone$/]);
  t.ok(seen.http.window[1] >= 5, 'a window of one thread');
  t.match(seen.http.errors, [
    /^heap\?thread=9999: 404 thread must be the threadId of a thread that is alive and has loaded mprof, got 9999\n$/,
    /: 400 invalid value for "thread" - must be the threadId of a thread\n$/,
    /: 400 invalid value for "thread"/,
    /: 400 invalid value for "thread"/,
    /: 400 "thread" parameter is not supported for this profile type\n$/,
    /: 404 thread must be the threadId/,
  ]);

  t.same(seen.fresh, [15, 200, 22], 'gc=1 collects the garbage of the other threads as well');
  t.same(seen.goroutine, [[200, true], [200, false], [200, true], [200, false]], 'what is under way in one thread');
  t.match(seen.busy, /^503,thread \d+ has not answered within a second: it is busy, or not profiled together with this one\n$/);
  t.same(seen.ended, [72, 42, 9, 9], 'what a thread has done stays when it ends');
  t.same(seen.left, [main, [22, 22, 2, 2]], 'and is not taken for what another one has done');
  t.same(seen.error, ['RangeError', 'ERR_MPROF_UNKNOWN_THREAD', 'thread must be the threadId of a thread that is alive and has loaded mprof, got ID']);
  t.same(seen.endedAll, [[72, 20, 9, 9], main]);
});

t.test('bad threads', async (t) => {
  t.throws(() => memProfile({ thread: '1' as never }), { name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'thread must be a non-negative integer, got "1"' });
  t.throws(() => memProfile({ thread: 1.5 }), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE' });
  await t.rejects(lookup('heap')!.toBuffer({ thread: 12345 }), { name: 'RangeError', code: 'ERR_MPROF_UNKNOWN_THREAD' });
  await t.rejects(lookup('heap')!.delta({ seconds: 1, thread: 12345 }), { code: 'ERR_MPROF_UNKNOWN_THREAD' });
  await t.rejects(lookup('threadcreate')!.toBuffer({ thread: 0 }), { code: 'ERR_MPROF_UNSUPPORTED' });
  await t.rejects(cpuProfile({ seconds: 1, thread: 12345 }), { code: 'ERR_MPROF_UNKNOWN_THREAD' });
});
