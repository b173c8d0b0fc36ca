import t from 'tap';
import { fixture, runNode } from './helpers/child';

/* Web Locks, where Node.js has them. */

interface Contention {
  names: string[];
  contentions: number;
  delay: number;
}

t.test('Web Locks', async (t) => {
  const { code, stdout, stderr } = await runNode(fixture('web-locks.cjs'));
  const { navigator } = globalThis as { navigator?: object };
  if (navigator === undefined || !('locks' in navigator)) {
    t.not(code, 0, 'there are none');
    t.match(stderr, /navigator|locks/);
    return;
  }
  t.equal(code, 0, stderr);
  const output = JSON.parse(stdout) as {
    truth: { waited: number; frames: boolean[] };
    block: Contention[];
    mutex: Contention[];
    results: object;
    restored: boolean;
    failures: number;
  };
  const { truth, block, mutex, results, restored, failures } = output;
  t.equal(failures, 0, 'nothing fails inside');
  const waits = block.filter(({ names }) => names[0] === 'LockManager.request' && names[1] === 'task');
  t.match(waits, [{ names: ['LockManager.request', 'task', 'Promise.all', 'main'], contentions: 2 }], 'two of three tasks have to wait');
  const share = waits[0]!.delay / truth.waited;
  // Truth is from before the call to within the callback: what the system gives to others on the way there is only in it.
  t.ok(share < 1.01 && share > 0.85, `${(100 * share).toFixed(1)} % of ${truth.waited.toFixed(1)} ms`);
  t.match(mutex, [{ contentions: 2 }], 'for the two that hold the lock before them');
  t.ok(mutex[0]!.delay > 0.9 * waits[0]!.delay && mutex[0]!.delay <= waits[0]!.delay, 'which are charged with it');
  t.same(truth.frames, [false, false, false], 'no frame of ours is on the stack');
  t.same(results, { failing: 'RangeError', thrown: 'RangeError', aborted: 'AbortError', unavailable: null }, 'requests end as ever');
  t.ok(restored, 'and nothing stays behind');
});
