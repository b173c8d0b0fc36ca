import t from 'tap';
import { fixture, runJson } from './helpers/child';

/* Functions that are replaced while waits are profiled are to programs what they are otherwise. */

interface Output {
  original: object;
  replaced: object;
  counts: { count: string; woken: number; charged: boolean }[];
  untracked: number;
  failures: number;
}

t.test('replaced functions', async (t) => {
  const { original, replaced, counts, untracked, failures } = await runJson<Output>(fixture('replaced.cjs'));
  t.same(replaced, original, 'text, properties, errors with their stacks, and results');
  t.same(
    counts.map(({ woken }) => woken),
    [0, 1, 2, 1, 0, 0, 1, 0],
    'as many are notified as are asked for',
  );
  for (const { count, woken, charged } of counts) t.equal(charged, woken > 0, `notify(..., ${count}) is charged for whom it has woken`);
  t.equal(untracked, 10, 'waits that the table of waiters has no room for are counted');
  t.equal(failures, 0);
});
