import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { decode, type Profile } from 'mprof/pprof';
import { checkProtobuf } from './helpers/check-protobuf';
import { fixture, MAJOR, runJson } from './helpers/child';
import { goPprof, needsGo } from './helpers/go-tool';

/* Labels of work on the block and mutex profiles: see test/fixtures/labelled-waits.cjs for what waits with which. */

interface Rows {
  what: string;
  labels: [string, string][];
  contentions: number;
}
interface Output {
  results: Record<string, { block: Rows[]; mutex: Rows[] }>;
  block: string;
  mutex: string;
  delta: string;
  text: string;
  stats: { unlabelledWaits: number; waitFailures: number; lostWaits: number };
}

const A = 'tenant:a';
const B = '__proto__:odd tenant:b';
const modern = MAJOR >= 24;

/** How many waits there were for what with which labels, such as `Timeout tenant:a`. */
function counts(rows: readonly Rows[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { what, labels, contentions } of rows) {
    const key = [what, ...labels.map((label) => label.join(':'))].join(' ');
    sums[key] = (sums[key] ?? 0) + contentions;
  }
  return sums;
}

/** The labels of each sample of a profile, and its first value. */
function samples({ sample, stringTable }: Profile): [string, number][] {
  return sample.map(({ label, value }) => [
    label.map(({ key, str }) => `${stringTable[Number(key)]}:${stringTable[Number(str)]}`).sort().join(' '),
    Number(value[0]),
  ]);
}

t.test('every wait has the labels of who waits, every hand-off of who hands over', async (t) => {
  const { results, block, mutex, delta, text, stats } = await runJson<Output>(fixture('labelled-waits.cjs'), { args: ['on'] });
  const expected: Record<string, { block: Record<string, number>; mutex?: Record<string, number> }> = {
    oneWaiter: { block: { [`Timeout ${A}`]: 2, [`Timeout ${B}`]: 1, Timeout: 1, 'Timeout step:2 tenant:a': 1 } },
    severalWaiters: { block: { [`Timeout ${A}`]: 2, [`Timeout ${B}`]: 1, Timeout: 1 } },
    chains: { block: { [`Timeout ${A}`]: 1, [`Timeout ${B}`]: 1 } },
    handOffs: {
      block: { [`Timeout ${A}`]: 1, [`Timeout ${B}`]: 1, Timeout: 1, [`await ${B}`]: 1, await: 1 },
      mutex: { [`release ${A}`]: 1, [`release ${B}`]: 1 },
    },
    atomics: { block: { [`Atomics.wait ${A}`]: 1, 'Atomics.wait': 1 } },
    tooLong: { block: { Timeout: 1 } },
  };
  for (const [way, { block, mutex = {} }] of Object.entries(expected)) {
    t.same(counts(results[way]!.block), block, way);
    t.same(counts(results[way]!.mutex), mutex, `${way}: who ended it`);
  }
  if (modern) {
    t.match(counts(results.webLocks!.block), { [`LockManager.request ${B}`]: 1 }, 'who waits for a Web Lock');
    t.match(counts(results.callbacks!.block), { [`Timeout callback ${A}`]: 1, 'Timeout callback': 1 }, 'who waits for a callback');
  }
  t.match(stats, { unlabelledWaits: 1, waitFailures: 0, lostWaits: 0 });

  const bytes = { block: Buffer.from(block, 'base64'), mutex: Buffer.from(mutex, 'base64') };
  for (const name of ['block', 'mutex'] as const) await checkProtobuf(t, name, bytes[name], { kind: name, labelled: true });
  t.same(samples(decode(bytes.mutex)).filter(([labels]) => labels === A).map(([, count]) => count), modern ? [1, 1] : [1], 'a lock, and a Web Lock');
  const waited = samples(decode(Buffer.from(delta, 'base64')));
  t.same(waited.filter(([labels]) => labels !== ''), [[A, 1]], 'a delta has only what waited meanwhile, with its labels');
  t.match(text, /^\d+ 1 @ [^\n]*\n# labels: \{"tenant":"a"\}\n#\t0x[0-9a-f]+\tTimeout/m, 'the text shows them as Go does');

  await t.test('go tool pprof', needsGo(), async (t) => {
    const [protobuf, legacy] = [join(t.testdir(), 'block.pb.gz'), join(t.testdir(), 'block.txt')];
    await writeFile(protobuf, bytes.block);
    await writeFile(legacy, text);
    const tags = (await goPprof(['-tags', '-sample_index=contentions'], protobuf)).stdout;
    t.match(tags, / a$/m);
    t.match(tags, / b$/m);
    const focused = (await goPprof(['-top', '-tagfocus=tenant:b', '-sample_index=contentions'], protobuf)).stdout;
    t.match(focused, /oneWaiter/);
    t.notMatch(focused, /atomics/, 'which had the other label or none');
    t.match((await goPprof(['-top', '-sample_index=contentions'], legacy)).stdout, /Type: contentions/, 'the text is read');
  });
});

t.test('none unless they are asked for', async (t) => {
  const { results, block, stats } = await runJson<Output>(fixture('labelled-waits.cjs'), { args: ['off'] });
  t.same(counts(results.oneWaiter!.block), { Timeout: 5 });
  t.same(counts(results.handOffs!.mutex), { release: 2 });
  t.ok(samples(decode(Buffer.from(block, 'base64'))).every(([labels]) => labels === ''));
  t.equal(stats.unlabelledWaits, 0);
});

t.test('more sets than there is room for', async (t) => {
  const { count, labelled, unlabelled, known, stats, comments } = await runJson<{
    count: number;
    labelled: number;
    unlabelled: number;
    known: [string, string][][];
    stats: Output['stats'];
    comments: string[];
  }>(fixture('labelled-waits.cjs'), { args: ['many'] });
  const length = '[["request","' .length + 1000 + '"]]'.length;
  t.equal(labelled, Math.floor(2 ** 20 / length), 'a mebibyte of them');
  t.equal(unlabelled, count - labelled, 'the waits of the others are there, without labels');
  t.equal(stats.unlabelledWaits, count - labelled, 'counted');
  t.equal(known.length, 1);
  t.match(known[0], [['request', /^0\.+$/]], 'what is known keeps its labels');
  t.match(comments, [/block rate/, new RegExp(`mutex fraction .*; ${count - labelled} waits are without their labels`)]);
});
