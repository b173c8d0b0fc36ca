import { AsyncResource } from 'node:async_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { doWithLabels, labels } from 'mprof';
import { decode, type Profile } from 'mprof/pprof';
import type { ProfileColumns } from '../dist/pprof/columns';
import { labelLine } from '../dist/pprof/label-text';
import { BLOCK_TYPES, columnsOf, deltaOf, type Frame } from './helpers/columns';
import { checkFleetRules } from './helpers/fleet-rules';
import { goPprof, needsGo } from './helpers/go-tool';
import { writeProfile } from './helpers/write-profile';

/* Labels of work, and how profiles show them. */

const leaf: Frame = { name: 'query', file: '/srv/app/db.js', line: 10 };

/** Samples of one stack, told apart by their labels alone. */
function labelled(sets: readonly Record<string, string>[], set: readonly number[], values: readonly number[]): ProfileColumns {
  const samples = set.map((_, i) => ({ stack: [leaf], values: [1, values[i]!] }));
  const columns = columnsOf(samples, { sampleTypes: BLOCK_TYPES, periodType: BLOCK_TYPES[0]!, period: 1 });
  return { ...columns, labels: { sets, set: Uint32Array.from(set) } };
}

/** Keys and values of each sample's labels. */
function labelsOf({ sample, stringTable }: Profile): Record<string, string>[] {
  return sample.map(({ label }) =>
    Object.fromEntries(label.map(({ key, str }) => [stringTable[Number(key)]!, stringTable[Number(str)]!])),
  );
}

t.test('labels follow the work', async (t) => {
  const seen = (): Record<string, string> => ({ ...labels() });
  t.same(seen(), {});
  t.ok(Object.isFrozen(labels()));
  const result = doWithLabels({ route: '/a', tenant: 'one' }, () => {
    t.same(seen(), { route: '/a', tenant: 'one' });
    t.ok(Object.isFrozen(labels()));
    doWithLabels({ tenant: 'two', job: 'x' }, () => t.same(seen(), { route: '/a', tenant: 'two', job: 'x' }, 'inner wins'));
    t.same(seen(), { route: '/a', tenant: 'one' }, 'and ends');
    doWithLabels({ tenant: '' }, () => t.same(seen(), { route: '/a' }, 'an empty value removes'));
    return 7;
  });
  t.equal(result, 7);
  t.same(seen(), {});
  t.throws(() => doWithLabels({ a: 'b' }, () => { throw new Error('mine'); }), { message: 'mine' });
  t.same(seen(), {}, 'after an exception');

  const other = doWithLabels({ task: 'other' }, async () => {
    for (let i = 0; i < 20; i++) {
      await setImmediate();
      t.same(seen(), { task: 'other' });
    }
  });
  await doWithLabels({ task: 'this' }, async () => {
    await sleep(1);
    t.same(seen(), { task: 'this' }, 'after an await');
    await doWithLabels({ step: '2' }, async () => {
      await sleep(1);
      t.same(seen(), { task: 'this', step: '2' });
    });
    t.same(seen(), { task: 'this' });
    await Promise.all([1, 2].map(async (step) => doWithLabels({ step: String(step) }, async () => {
      await setImmediate();
      t.same(seen(), { task: 'this', step: String(step) });
    })));
  });
  await other;
  t.same(seen(), {});
  const resource = doWithLabels({ bound: 'yes' }, () => new AsyncResource('test'));
  resource.runInAsyncScope(() => t.same(seen(), { bound: 'yes' }));
});

t.test('unusual labels', async (t) => {
  const odd = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}') as Record<string, string>;
  doWithLabels(odd, () => {
    t.same(Object.entries(labels()), Object.entries(odd));
    t.equal(Object.getPrototypeOf(labels()), null);
  });
  const long = 'x'.repeat(5000);
  doWithLabels({ [long]: long }, () => t.same(Object.entries(labels()), [[long.slice(0, 1024), long.slice(0, 1024)]]));
  doWithLabels({ '': 'a' }, () => t.same(Object.entries(labels()), [], 'a label without a key is none'));
});

t.test('bad arguments', async (t) => {
  const call = (labels: unknown, fn: unknown): unknown => doWithLabels(labels as Record<string, string>, fn as () => void);
  const fails = (message: string) => ({ name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message });
  const never = (): void => {
    t.fail('is called');
  };
  t.throws(() => call(undefined, never), fails('labels must be an object, got undefined'));
  t.throws(() => call('route', never), fails('labels must be an object, got "route"'));
  t.throws(() => call([['route', '/a']], never), fails('labels must be an object, got an array'));
  t.throws(() => call({ route: 1 }, never), fails('labels["route"] must be a string, got 1'));
  t.throws(() => call({ route: undefined }, never), fails('labels["route"] must be a string, got undefined'));
  t.throws(() => call({}, 'fn'), fails('fn must be a function, got "fn"'));
});

t.test('in a profile', async (t) => {
  const sets = [{}, { route: '/a' }, { route: '/b', tenant: 'bytes', 'ключ': '\ud800' }];
  const columns = labelled(sets, [1, 0, 2, 1], [1, 2, 3, 4]);
  const bytes = writeProfile(columns);
  const profile = decode(bytes);
  const expected = [{ route: '/a' }, {}, { route: '/b', tenant: 'bytes', 'ключ': '\ufffd' }, { route: '/a' }];
  t.same(labelsOf(profile), expected);
  t.same(checkFleetRules(bytes, { kind: 'block', labelled: true }), []);
  t.match(checkFleetRules(bytes, { kind: 'block' }), [{ rule: 'labels' }], 'the rules know about them');
  const withBytes = decode(writeProfile({ ...columns, bytesLabel: Float64Array.of(8, 0, 8, 0) }));
  t.same(withBytes.sample.map(({ label }) => label.map(({ num }) => Number(num))), [[8, 0], [], [8, 0, 0, 0], [0]]);
});

t.test('in a delta', async (t) => {
  const sets = [{}, { route: '/a' }, { route: '/b' }];
  const before = labelled(sets, [0, 1, 2], [1, 2, 3]);
  const after = labelled(sets, [0, 1, 2, 1], [1, 7, 4, 1]);
  const delta = decode(writeProfile(deltaOf(before, after)));
  t.same(labelsOf(delta), [{ route: '/a' }, { route: '/b' }, { route: '/a' }]);
  t.same(delta.sample.map(({ value }) => Number(value[1])), [5, 1, 1]);
});

t.test('read by the tool', needsGo(), async (t) => {
  const sets = [{}, { route: '/a', tenant: 'x y' }, { route: '/b' }];
  const bytes = writeProfile(labelled(sets, [0, 1, 2], [1, 2, 3]));
  const { stdout } = await goPprof(['-raw'], bytes);
  t.match(stdout, /route:\[\/a\] tenant:\[x y\]/);
  t.match((await goPprof(['-tags'], bytes)).stdout, /route: Total[^]*\/b\n[^]*tenant: Total[^]*x y\n/);
});

t.test('in text', async (t) => {
  t.equal(labelLine({}), '');
  t.equal(labelLine({ tenant: 'acme', route: '/v1/"x"' }), '# labels: {"route":"/v1/\\"x\\"", "tenant":"acme"}\n', 'as Go has it');
  t.equal(labelLine({ k: '\\ \n\t\x00\x7f\u00a0é\u200b\u{1f600}\u{e0001}\ud800' }), '# labels: {"k":"\\\\ \\n\\t\\x00\\x7f\\u00a0é\\u200b😀\\U000e0001\ufffd"}\n');
  t.equal(labelLine({ '\u{1f600}': '1', '\uffee': '2', ab: '3', a: '4' }), '# labels: {"a":"4", "ab":"3", "\uffee":"2", "\u{1f600}":"1"}\n', 'in the order of code points');
});
