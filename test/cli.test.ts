import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { encode } from 'mprof/pprof';
import { fixture, run, runJson, runNode, UNOPTIMISED, type Exit } from './helpers/child';
import { goCheck, needsGo } from './helpers/go-tool';

/* `mprof top` and `mprof diff`, which read profiles without Go. */

const PROGRAM = 'dist/cli/main.js';
const mprof = (...args: string[]): Promise<Exit> => runNode(PROGRAM, { args });

interface Sum {
  estimate: number;
  variance: number;
}
type Sums = Record<'allocObjects' | 'allocBytes' | 'inuseObjects' | 'inuseBytes', Sum>;

interface Estimate {
  value: number;
  error: number | null;
}
interface Json {
  type: string;
  unit: string;
  comments: string[];
  total: Estimate;
  functions: { name: string; file: string; line: number; flat: Estimate; cum: Estimate }[];
}

const COLUMNS = { alloc_objects: 'allocObjects', alloc_space: 'allocBytes', inuse_objects: 'inuseObjects', inuse_space: 'inuseBytes' } as const;

let folder: string;
let before: string;
let after: string;
let block: string;
let records: Record<'growing' | 'steady', Sums>;

t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mprof-cli-'));
  [before, after, block] = ['before', 'after', 'block'].map((name) => join(folder, `${name}.pb.gz`)) as [string, string, string];
  records = await runJson(fixture('cli-profiles.cjs'), { args: [folder], flags: UNOPTIMISED });
});
t.teardown(() => rm(folder, { recursive: true }));

async function json(t: Test, ...args: string[]): Promise<Json> {
  const { code, stdout, stderr } = await mprof(...args, '--json');
  t.same([code, stderr], [0, ''], args.join(' '));
  return JSON.parse(stdout);
}

const find = ({ functions }: Json, wanted: string): Json['functions'][0] => functions.find(({ name }) => name === wanted)!;

t.test('top shows what the profile has, with the errors it implies', async (t) => {
  for (const [type, value] of Object.entries(COLUMNS)) {
    const result = await json(t, 'top', after, '--sample_index', type);
    t.equal(result.type, type);
    for (const name of ['growing', 'steady'] as const) {
      const { flat } = find(result, name);
      const { estimate, variance } = records[name][value];
      // Each record is rounded down to a whole number.
      t.ok(Math.abs(flat.value - estimate) <= 4, `${type} of ${name}: ${flat.value}, ${estimate} by the API`);
      t.ok(Math.abs(flat.error! / Math.sqrt(variance) - 1) < 0.02, `its error: ${flat.error}, ${Math.sqrt(variance)} by the API`);
    }
  }
});

t.test('top counts callers with what they call, once', async (t) => {
  const result = await json(t, 'top', after, '--sample_index=alloc_objects');
  const [growing, outer, steady, recursive, main] = ['growing', 'outer', 'steady', 'recursive', 'main'].map((name) => find(result, name));
  // V8 may make something for the callers themselves.
  t.equal(outer!.cum.value, outer!.flat.value + growing!.cum.value);
  t.equal(recursive!.cum.value, recursive!.flat.value + steady!.cum.value, 'a function that calls itself is counted once');
  t.ok(main!.cum.value >= growing!.cum.value + steady!.cum.value && main!.cum.value <= result.total.value);
  t.same(result.functions.map(({ flat }) => flat.value), result.functions.map(({ flat }) => flat.value).sort((a, b) => b - a), 'the largest first');
});

t.test('the same numbers as Go', needsGo(), async (t) => {
  const bytes = await readFile(after);
  const { profiles } = await goCheck(bytes);
  const results = await Promise.all(Object.keys(COLUMNS).map((type) => json(t, 'top', after, '--sample_index', type)));
  t.same(results.map(({ total }) => total.value), profiles[0]!.totals);
  for (const name of ['growing', 'steady']) t.same(results.map((result) => find(result, name).flat.value), profiles[0]!.flat[name], name);
});

t.test('top as a table', async (t) => {
  const { stdout } = await mprof('top', after, '--nodecount=2');
  const lines = stdout.trimEnd().split('\n');
  t.match(lines[0], /^Type: inuse_space$/);
  t.match(lines[1], /^Time: \d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.match(lines[2], /^Showing 2 of \d+ functions; \d+\.\d\dMB ± \d+\.\d\dMB in all$/);
  t.match(lines[3], /^ +flat +± +flat% +sum% +cum +± +cum%$/);
  t.match(lines[4], /^ *\d+\.\d\dMB +±\d+\.\d\dMB +\d+\.\d+% +\d+\.\d+% +\d+\.\d\dMB +±\d+\.\d\dMB +\d+\.\d+% +growing +\S+cli-profiles\.cjs:\d+$/);
  t.match(lines[5], /steady/);
  t.equal(lines.length, 6);
  const { stdout: byCum } = await mprof('top', after, '--nodecount=1', '--cum', '--sample_index=alloc_space');
  t.notMatch(byCum, /growing/, 'by what is called, callers come first');
  const { stdout: all } = await mprof('top', after, '--nodecount=0');
  t.ok(all.split('\n').length > 8, 'all functions');
});

t.test('waits have no stated error', async (t) => {
  const result = await json(t, 'top', block);
  t.match(result, { type: 'delay', unit: 'nanoseconds', total: { error: null } });
  t.ok(find(result, 'waiter').cum.value > 4e6);
  t.match((await mprof('top', block)).stdout, /^Showing \d+ of \d+ functions; \d+\.\d\dms in all$/m);
});

t.test('focus and base', async (t) => {
  const focused = await json(t, 'top', after, '--focus=^recursive$', '--sample_index=inuse_objects');
  t.same(focused.total, find(focused, 'recursive').cum, 'only stacks that have the function');
  t.ok(find(focused, 'steady') !== undefined && find(focused, 'growing') === undefined);
  const [first, second, both] = [await json(t, 'top', before), await json(t, 'top', after), await json(t, 'top', after, '--base', before)];
  t.equal(both.total.value, second.total.value - first.total.value);
  t.ok(Math.abs(both.total.error! - Math.hypot(first.total.error!, second.total.error!)) < 1e-6 * both.total.error!, 'errors add up');
  const nothing = await json(t, 'top', after, '--base', after);
  t.same([nothing.total.value, nothing.functions], [0, []]);
});

t.test('diff marks what is more than noise', async (t) => {
  const { stdout, code } = await mprof('diff', before, after);
  t.equal(code, 0);
  t.match(stdout, /^ *\+\d+\.\d\dMB +±\d+\.\d\dMB +\* +\+\d+\.\d\dMB +±\d+\.\d\dMB +\* +growing /m);
  // What is alive in both has been sampled once, so nothing has changed of it.
  t.notMatch(stdout, / steady /);
  const { stdout: back } = await mprof('diff', after, before);
  t.match(back, /^ *-\d+\.\d\dMB +±\d+\.\d\dMB +\* +-\d+\.\d\dMB +±\d+\.\d\dMB +\* +growing /m);
  const { functions } = await json(t, 'diff', before, after, '--sample_index=inuse_objects');
  t.equal(functions[0]!.name, 'growing');

  // Three of 512 KiB each, of which nearly all objects are sampled, are certain; three of a kilobyte are not.
  const file = async (name: string, objects: number, size: number): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, heapOf(objects, size));
    return path;
  };
  const empty = await file('empty.pb', 0, 1024);
  t.notMatch((await mprof('diff', empty, await file('few.pb', 3 * 512, 1024))).stdout, /\*/, 'three samples of small objects');
  t.match((await mprof('diff', empty, await file('large.pb', 3, 8 * 524288))).stdout, /\* .* site/, 'three samples of large ones');
});

/** A heap profile of one function, as sampled at 512 KiB. */
function heapOf(objects: number, size: number): Uint8Array {
  const stringTable = ['', 'inuse_objects', 'count', 'inuse_space', 'bytes', 'space', 'site', 'site.js'];
  return encode({
    sampleType: [{ type: 1, unit: 2 }, { type: 3, unit: 4 }],
    sample: objects === 0 ? [] : [{ locationId: [1], value: [objects, objects * size], label: [{ key: 4, num: size }] }],
    mapping: [{ id: 1 }],
    location: [{ id: 1, mappingId: 1, line: [{ functionId: 1, line: 3 }] }],
    function: [{ id: 1, name: 6, systemName: 6, filename: 7, startLine: 2 }],
    stringTable,
    periodType: { type: 5, unit: 4 },
    period: 524288,
  });
}

t.test('from a URL', async (t) => {
  const requests: { url: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer(async (req, res) => {
    requests.push({ url: req.url, authorization: req.headers.authorization });
    if (req.url!.includes('missing')) res.writeHead(404).end('there is no such profile\n');
    else res.end(await readFile(after));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.same(await json(t, 'top', base, '--header', 'Authorization: Bearer x'), await json(t, 'top', after));
  await json(t, 'top', `${base}/debug/pprof/allocs`, '--seconds', '5');
  t.same(requests, [
    { url: '/debug/pprof/heap', authorization: 'Bearer x' },
    { url: '/debug/pprof/allocs?seconds=5', authorization: undefined },
  ]);
  t.match(await mprof('top', `${base}/missing`), { code: 1, stdout: '', stderr: /^mprof top: http:\S+\/missing answered 404: there is no such profile\n$/ });
  server.close();
  t.match(await mprof('top', 'http://127.0.0.1:1/'), { code: 1, stderr: /^mprof top: http:\S+: .*ECONNREFUSED|^mprof top: http:\S+: .*bad port/ });
});

t.test('wrong calls say what is wrong', async (t) => {
  for (const [args, message] of [
    [['nothing'], /^mprof: there is no command "nothing"/],
    [['constructor'], /^mprof: there is no command "constructor"/],
    [['top'], /^mprof top: mprof top takes one profile, got 0\n$/],
    [['top', after, before], /takes one profile, got 2/],
    [['diff', after], /takes two profiles, got 1/],
    [['top', after, '--nodecount=-1'], /--nodecount must be an integer of at least 0, got "-1"/],
    [['top', after, '--sample_index=objects'], /--sample_index must be one of alloc_objects, alloc_space, inuse_objects, inuse_space, got "objects"/],
    [['top', after, '--focus=('], /--focus: Invalid regular expression/],
    [['top', after, '--what'], /Unknown option '--what'/],
    [['top', after, '--seconds=3'], /--seconds is for URLs, and \S+ is a file/],
    [['top', 'http://127.0.0.1:9/', '--header=x'], /--header must be "Name: value", got "x"/],
    [[], /^mprof: profiles Node.js programs/],
  ] as const) {
    t.match(await mprof(...args), { code: 2, stdout: '', stderr: message }, args.join(' '));
  }
  for (const [args, message] of [
    [['top', join(folder, 'none')], /^mprof top: ENOENT: /],
    [['top', PROGRAM], /^mprof top: dist\/cli\/main.js: The data is not a profile/],
  ] as const) {
    t.match(await mprof(...args), { code: 1, stdout: '', stderr: message }, args.join(' '));
  }
});

t.test('output that cannot be written', async (t) => {
  const top = (command: string): Promise<Exit> => run('sh', ['-c', command, process.execPath, PROGRAM, 'top', after, '--json']);
  t.match(await top('exec "$0" "$@" > /dev/full'), { code: 1, stderr: /^mprof: ENOSPC: / });
  t.match(await top('("$0" "$@"; echo "code $?" >&2) | true'), { code: 0, stderr: 'code 0\n' }, 'a reader that has seen enough is no error');
});

t.test('help', async (t) => {
  for (const args of [['--help'], ['help'], ['top', '--help'], ['diff', '-h'], ['run', '--help'], ['dump', '--help', '--', 'x'], ['--version']]) {
    t.match(await mprof(...args), { code: 0, stderr: '', stdout: /./ }, args.join(' '));
  }
  t.match((await mprof('--help')).stdout, /mprof run .*\n +mprof top +the functions that a profile has most of\n +mprof diff .*\n +mprof dump /);
});
