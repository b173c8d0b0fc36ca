import t from 'tap';
import { lookup, memProfile, newProfile, setMemProfileRate, setProfileLimits, start, stop } from 'mprof';
import { createFetchHandler } from 'mprof/http';
import { decode } from 'mprof/pprof';
import { writeContentionText } from '../dist/profiles/contention-text';
import { finish } from '../dist/pprof/steps';
import { ShownByThread } from '../dist/profiles/shown-by-thread';
import { columnsOf } from './helpers/columns';
import { checkMonotone } from './helpers/fleet-rules';
import { goPprof, needsGo } from './helpers/go-tool';

/* That every route keeps within the limits of collectors, says so, and shows everything where that is asked for. */

const DEFAULT = { samples: 16_000, bytes: 2 * 2 ** 20 };
const HIDDEN = /^(?:.*; )?[1-9]\d* samples more are counted under \(other\); full=1 shows them$/;
const HIDDEN_LINE = /^# [1-9]\d* samples more are counted under \(other\); full=1 shows them$/m;
const kept: unknown[] = [];

t.before(() => start({ memProfileRate: 0 }));
t.afterEach(() => setProfileLimits(DEFAULT));
t.teardown(stop);

const handle = createFetchHandler();
async function get(path: string): Promise<Buffer> {
  const response = await handle(new Request(`http://localhost/debug/pprof/${path}`));
  t.equal(response.status, 200, path);
  return Buffer.from(await response.arrayBuffer());
}

/** How many samples there are, and the comments. */
function read(bytes: Uint8Array): { samples: number; comments: string[]; total: number } {
  const { sample, comment, stringTable } = decode(bytes);
  return {
    samples: sample.length,
    comments: comment.map((row) => stringTable[Number(row)]!),
    total: sample.reduce((sum, { value }) => sum + Number(value[0]), 0),
  };
}

/** Functions of different names. */
function functions(name: string, count: number, body: string): (() => void)[] {
  return Array.from({ length: count }, (_, i) => new Function('kept', `return function ${name}${i}() { ${body} }`)(kept) as () => void);
}

/** Sampled, as nothing else is. */
function allocate(name: string, count: number, each: number): void {
  setMemProfileRate(1);
  for (const run of functions(name, count, `for (let i = 0; i < ${each}; i++) kept.push(new Array(100).fill(0));`)) run();
  memProfile({ gc: true });
  setMemProfileRate(0);
}

t.test('CPU profiles', async (t) => {
  setProfileLimits({ samples: 2 });
  const awake = setInterval(() => {}, 1000);
  let open = true;
  const windows = Promise.all([get('profile?seconds=1'), get('profile?seconds=1&full=1')]).finally(() => (open = false));
  const burns = functions('burn', 100, 'const end = performance.now() + 10; while (performance.now() < end);');
  for (let i = 0; open; i++) {
    burns[i % burns.length]!();
    await new Promise(setImmediate);
  }
  const [limited, full] = (await windows).map(read) as [ReturnType<typeof read>, ReturnType<typeof read>];
  clearInterval(awake);
  t.ok(full.samples > 2 && !full.comments.some((comment) => HIDDEN.test(comment)), `${full.samples} samples in full`);
  t.equal(limited.samples, 2);
  t.match(limited.comments.at(-1), HIDDEN);
  t.ok(limited.total > 2, 'what is left out is counted');
});

t.test('routes that tell what is new', async (t) => {
  allocate('told', 40, 1);
  setProfileLimits({ samples: 20 });
  const limited = read(await get('delta_heap'));
  t.equal(limited.samples, 20);
  t.match(limited.comments.at(-1), HIDDEN);
  // Everything in use is in each of them.
  const full = read(await get('delta_heap?full=1'));
  t.ok(full.samples > 40, `${full.samples} samples in full`);
  t.notOk(full.comments.some((comment) => HIDDEN.test(comment)));
});

t.test('texts say what they leave out, where readers skip it', needsGo(), async (t) => {
  const connections = newProfile('connections');
  for (const add of functions('add', 5, 'kept[0]();')) {
    kept[0] = () => connections.add({});
    add();
  }
  const total = async (text: Uint8Array): Promise<string> => /of (\S+) total/.exec((await goPprof(['-top', '-symbolize=none'], text)).stdout)![1]!;
  for (const name of ['heap', 'connections']) {
    setProfileLimits({ samples: 2 });
    const text = await get(`${name}?debug=1`);
    if (name === 'connections') t.equal(await total(text), '5', 'all of them');
    else await total(text);
    t.match(text.toString().split('\n')[1], HIDDEN_LINE, `${name}: below the header`);
    t.notMatch((await get(`${name}?debug=1&full=1`)).toString(), HIDDEN_LINE);
    setProfileLimits(DEFAULT);
    t.notMatch((await get(`${name}?debug=1`)).toString(), HIDDEN_LINE);
  }
  const { symbols, stack } = columnsOf([{ stack: [{ name: 'wait' }], values: [0, 0, 0, 0] }]);
  for (const kind of ['contention', 'mutex'] as const) {
    const records = { symbols, stack, values: Float64Array.of(2, 7e9), comments: ['5 samples more'] };
    const text = Buffer.concat(finish(writeContentionText(kind, records)));
    t.match(text.toString(), /^# 5 samples more$/m);
    t.equal(await total(text), '7s', kind);
  }
});

t.test('counters of one thread never fall', async (t) => {
  const heap = lookup('heap')!;
  allocate('early', 40, 2);
  setProfileLimits({ samples: 20 });
  const first = await heap.toBuffer({ limited: true, thread: 0 });
  allocate('late', 40, 50);
  const second = await heap.toBuffer({ limited: true, thread: 0 });
  t.same(checkMonotone(first, second), []);
  t.ok(read(second).samples <= 20);

  const shown = new ShownByThread();
  const [all, main, ended] = [shown.of(undefined), shown.of(0), shown.of(12345)];
  t.equal(shown.of(0), main, 'the same while the thread lives');
  t.equal(shown.of(undefined), all);
  t.not(shown.of(12345), ended, 'and forgotten when it has ended');
});
