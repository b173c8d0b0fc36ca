import t from 'tap';
import { fixture, MAJOR, runJson } from './helpers/child';

/* Waits for callbacks, where Node.js can tell of them without telling of promises. */

interface Output {
  refused: object | null;
  records: { names: string[]; contentions: number; delay: number }[];
  truth: Record<string, number[]>;
  after: number;
  failures: number;
}

const SUPPORTED = MAJOR >= 24;

t.test('callbacks: true', async (t) => {
  const output = await runJson<Output>(fixture('callbacks.cjs'));
  if (!SUPPORTED) {
    t.match(
      output,
      { refused: { name: 'Error', code: 'ERR_MPROF_UNSUPPORTED', message: /^callbacks: true needs a Node\.js whose async_hooks can leave out promises/ }, heap: 'off' },
      'is refused where it would make every await slower, and nothing is started',
    );
    return;
  }
  const { refused, records, truth, after, failures } = output;
  t.equal(refused, null);
  t.equal(failures, 0, 'nothing fails inside');
  t.equal(after, 0, 'nothing is recorded once the rate is 0');
  const of = (name: string): Output['records'] => records.filter(({ names }) => names.includes(name));
  const sum = (rows: Output['records'], value: 'contentions' | 'delay'): number => rows.reduce((total, row) => total + row[value], 0);
  for (const [name, label] of Object.entries({ viaTimer: 'Timeout callback', viaInterval: 'Timeout callback', viaCrypto: 'PBKDF2Job callback' })) {
    const durations = truth[name]!;
    const total = durations.reduce((a, b) => a + b, 0);
    t.equal(sum(of(name), 'contentions'), durations.length, `${name}: one for each first callback`);
    t.ok(of(name).every(({ names }) => names[0] === label), label);
    const share = sum(of(name), 'delay') / total;
    // Truth is from before the call to within the callback: what the system gives to others on the way there is only in it.
    t.ok(share < 1.01 && share > 0.75, `${name}: ${(100 * share).toFixed(1)} % of ${total.toFixed(1)} ms`);
  }
  t.ok(sum(of('viaFile'), 'contentions') >= truth.viaFile!.length, 'reading a file takes several steps, each with the stack that has started it');
  t.same(of('cancelled'), [], 'what never calls back is not recorded');
});
