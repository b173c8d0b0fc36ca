import t from 'tap';
import { decode } from 'mprof/pprof';
import { fixture, runNode } from './helpers/child';
import { checkProtobuf } from './helpers/check-protobuf';
import { checkFleetRules } from './helpers/fleet-rules';
import { goCheck, goPprof, needsGo } from './helpers/go-tool';

/* The block and the mutex profile in every form, as Go has them. */

interface Form {
  records: { stack: { functionName: string; fileName: string; line: number; startLine: number }[]; contentions: number; delay: number }[];
  protobuf: string;
  text: string;
  negative: string;
  delta: string;
  count: number;
}
type Output = Record<'block' | 'mutex', Form> & { comments: Record<string, string[]>; returned: number[]; stats: Record<string, unknown>; port: number };

/** Tasks that wait for one of two connections in test/fixtures/contention.cjs: ten each time, twice. */
const HAND_OFFS = 16;

let output: Output;
const served: Record<string, string> = {};

t.before(async () => {
  let written = '';
  await runNode(fixture('contention.cjs'), {
    onOutput: async (text, child) => {
      written += text;
      if (!written.endsWith('\n')) return;
      output = JSON.parse(written);
      try {
        const url = `http://127.0.0.1:${output.port}/debug/pprof/`;
        for (const name of ['block', 'mutex']) {
          served[name] = (await goPprof(['-top'], `${url}${name}`)).stdout;
          served[`${name}.txt`] = (await goPprof(['-top', '-symbolize=remote'], `${url}${name}?debug=1`)).stdout;
        }
        served.index = await (await fetch(url)).text();
      } finally {
        child.kill('SIGKILL');
      }
    },
  });
});

for (const name of ['block', 'mutex'] as const) {
  t.test(name, async (t) => {
    const { records, protobuf, text, negative, delta, count } = output[name];
    const total = (value: 'contentions' | 'delay'): number => records.reduce((sum, record) => sum + Math.trunc(record[value]), 0);
    const bytes = Buffer.from(protobuf, 'base64');

    await checkProtobuf(t, name, bytes, { kind: name });
    t.equal(count, records.length, 'rows on the index page');
    const profile = decode(bytes);
    t.equal(Number(profile.period), 1);
    const delays = profile.sample.map(({ value }) => Number(value[1]));
    t.same(delays, [...delays].sort((a, b) => b - a), 'the longest delay first');
    t.same(profile.sample.every(({ label }) => label.length === 0), true, 'no labels');
    t.same(decode(Buffer.from(negative, 'base64')).sample.length, profile.sample.length, 'a negative debug is protobuf, unlike with the heap');
    t.match(output.comments[name], ['block rate 1 ns', /^mutex fraction 1; hand-offs by an explicit resolve in a promise job, /], 'says how it was taken');
    const places = profile.location.map(({ line }) => [Number(line[0]!.line) > 0, Number(line[0]!.column) > 0]);
    const labels = profile.function.filter(({ filename }) => Number(filename) === 0).length;
    t.equal(places.filter(([line, column]) => line && column).length, places.length - labels, 'all have a line and a column, but what was waited for');

    await t.test('text', needsGo(), async (t) => {
      const [header, ...rest] = text.split('\n');
      t.equal(header, name === 'block' ? '--- contention:' : '--- mutex:');
      t.equal(rest[0], 'cycles/second=1000000000');
      if (name === 'mutex') t.equal(rest[1], 'sampling period=1');
      const { profiles } = await goCheck(Buffer.from(text), bytes);
      t.same(profiles[0]!.totals, profiles[1]!.totals, 'Go reads the same from it as from the protobuf');
      t.same(profiles[1]!.totals, [total('contentions'), total('delay')], 'which are the records');
    });

    await t.test('served', needsGo(), async (t) => {
      for (const form of [name, `${name}.txt`]) {
        t.match(served[form], /Type: delay/, 'delay is shown by default');
        t.match(served[form], name === 'block' ? /acquire/ : /release/, 'with the names of functions');
      }
      t.match(served.index, `go tool pprof http://127.0.0.1:${output.port}/debug/pprof/${name}`);
    });

    const window = Buffer.from(delta, 'base64');
    t.same(checkFleetRules(window, { kind: name, windowed: true }), [], 'what has changed within a second');
    const [sum] = decode(window).sample.reduce(([a, b], { value }) => [a + Number(value[0]), b + Number(value[1])], [0, 0]);
    t.ok(sum > 0 && sum < total('contentions'), `${sum} of ${total('contentions')} contentions`);
  });
}

t.test('who waits, and who is waited for', async (t) => {
  const find = (name: 'block' | 'mutex', ...functions: string[]): Form['records'] =>
    output[name].records.filter(({ stack }) => functions.every((functionName, i) => stack[i]?.functionName === functionName));
  const sum = (records: Form['records'], value: 'contentions' | 'delay'): number => records.reduce((total, record) => total + record[value], 0);

  const waiting = find('block', 'await', 'acquire', 'query', 'serve');
  t.equal(sum(waiting, 'contentions'), HAND_OFFS, 'tasks that had to wait for a connection');
  const holding = find('mutex', 'release', 'query', 'serve');
  t.equal(sum(holding, 'contentions'), HAND_OFFS, 'are kept waiting by those that had one');
  const [waited, kept] = [sum(waiting, 'delay'), sum(holding, 'delay')];
  t.ok(Math.abs(kept / waited - 1) < 0.01, `for as long: ${waited / 1e6} and ${kept / 1e6} ms`);
  t.equal(sum(find('block', 'Timeout', 'query'), 'contentions'), 20, 'queries take their time');
  t.equal(output.mutex.records.length, holding.length, 'nothing else is contention');
  t.same(output.returned, [0, 1, 1], 'setMutexProfileFraction returns what was set before');
  t.match(output.stats, { lostWaits: 0, waitFailures: 0 });
});
