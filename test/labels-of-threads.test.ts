import t from 'tap';
import { fixture, runJson } from './helpers/child';

/* Labels in CPU profiles of several threads. */

type Name = 'inMain' | 'inFirst' | 'inEarlier' | 'inLater' | 'inLate' | 'inBusy' | 'inEnding' | 'inPlain';

interface Profile {
  /** Samples of each function, by labels. */
  counts: Partial<Record<Name, Record<string, number>>>;
  comments: string[];
}

t.test('threads that are profiled together tell their labels', async (t) => {
  const { nobody, all, one, silent, left, missed, inner, outer } = await runJson<{
    nobody: Profile;
    all: Profile;
    one: Profile;
    silent: Profile;
    left: { open: number; watching: boolean }[];
    missed: Profile;
    inner: Profile;
    outer: Profile;
  }>(fixture('labels-of-threads.cjs'));

  /** A thread learns of a window when it turns to its event loop: until then its labels are not known. */
  const checkLabelled = ({ counts }: Profile, name: Name, expected: string, least: number): void => {
    const { [expected]: right = 0, '': unknown = 0, ...wrong } = counts[name] ?? {};
    t.same(wrong, {}, `${name}: no others' labels`);
    t.ok(right > 0 && right >= least * (right + unknown), `${name}: ${right} samples labelled, ${unknown} not`);
  };

  t.same(Object.keys(nobody.counts.inPlain ?? {}), [''], 'nothing is labelled');
  t.same(nobody.comments, ['threads 0, 1'], 'and nothing unknown');
  checkLabelled(all, 'inMain', 'of=main', 0.9);
  checkLabelled(all, 'inFirst', 'of=first', 0.5);
  checkLabelled(all, 'inLater', 'of=later', 0.5);
  checkLabelled(all, 'inLate', 'of=late', 0.5);
  t.same(Object.keys(all.counts.inPlain!), [''], 'a thread without labels has none');
  checkLabelled(one, 'inFirst', 'of=first', 0.5);
  t.same(Object.keys(one.counts), ['inFirst'], 'of one thread alone');

  checkLabelled(silent, 'inFirst', 'of=first', 0.5);
  for (const name of ['inBusy', 'inEnding'] as const) t.same(Object.keys(silent.counts[name]!), [''], `${name}: not known`);
  const lost = /the labels of (\d+) samples are not known: they changed too often, or their thread has not told them$/.exec(silent.comments.join('\n'));
  t.ok(Number(lost?.[1]) >= silent.counts.inBusy!['']! / 2, 'which a comment says');

  const gone = { open: 0, watching: false };
  const there = { open: 1, watching: true };
  t.same(left, [gone, there, there, gone], 'what nobody asks for any more is forgotten');

  t.same(Object.keys(missed.counts.inBusy!), [''], 'a thread that learns of a window after its end');
  t.match(missed.comments.join('\n'), /the labels of \d+ samples are not known/);

  // Its own window is open from when it has the labels; the other one was open before, and is heard of after that.
  t.same(Object.keys(inner.counts), ['inLater']);
  t.same(Object.keys(inner.counts.inLater!), ['of=after']);
  t.same(Object.keys(outer.counts.inEarlier!), [''], 'no labels of later for what was before');
  t.match(outer.comments.join('\n'), /the labels of \d+ samples are not known/);
  t.ok((outer.counts.inLater?.['of=after'] ?? 0) > 0, 'labels of an own window are there for another one');
});
