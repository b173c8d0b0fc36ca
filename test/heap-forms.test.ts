import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { decode } from 'mprof/pprof';
import { fixture, runJson, UNOPTIMISED } from './helpers/child';
import { checkProtobuf } from './helpers/check-protobuf';

interface Brief {
  names: string[];
  leaf: { fileName: string; line: number; column: number };
  allocObjects: number;
  inuseObjects: number;
}

const TIMES = 10;

/**
 * Stacks in test/fixtures/forms.cjs as function names, leaf first, and where the leaf function starts: `|` in a piece of
 * its source, or numbers where it has a source of its own.
 */
const FORMS: [names: string[], start: string | { fileName: string; line: number; column: number }, objects?: number][] = [
  [['declared', 'repeat'], 'function declared|() {'],
  [['arrow', 'repeat'], 'const arrow = |() =>'],
  [['inner', 'closure'], 'return function inner|() {'],
  [['Shape', 'constructor'], 'constructor|() {'],
  [['Shape', 'Circle', 'derived'], 'constructor|() {'],
  [['make', 'staticMethod'], 'static make|() {'],
  [['#secret', 'secret', 'staticPrivate'], 'static #secret = |() =>'],
  [['method', 'method', 'repeat'], ' method|() {'],
  [['#hidden', 'hidden', 'privateMethod'], ' #hidden|() {'],
  [['get size', 'getter'], 'get size|() {'],
  [['set size', 'setter'], 'set size|(into) {'],
  [['(anonymous)', 'symbol'], '[Symbol.iterator]|() {'],
  [['generator', 'next', 'generator'], 'function* generator|() {', 2 * TIMES],
  [['beforeAwait', 'repeat'], 'async function beforeAwait|() {'],
  [['afterAwait'], 'async function afterAwait|() {'],
  [['asyncGenerator'], 'async function* asyncGenerator|() {'],
  [['evaluated', '(anonymous)', 'evaluated'], { fileName: '', line: 1, column: 20 }],
  [['(anonymous)', 'newFunction'], { fileName: '', line: 1, column: 20 }],
  [['inContext', 'inContext'], { fileName: 'rules.vm', line: 2, column: 22 }],
  // What is no character becomes the one that says so, three times: once for each byte V8 has for it.
  [['oddFile', 'oddFile'], { fileName: 'a \ufffd\ufffd\ufffd b.js', line: 1, column: 18 }],
  [['object.assigned', 'assigned'], 'object.assigned = function |() {'],
  [['(anonymous)', 'anonymous'], 'anonymous: () => (|() =>'],
  [['(anonymous)', 'map', 'callback'], '[1].map(|() =>'],
  [['declared', 'bound'], 'function declared|() {'],
  [['declared', 'proxied'], 'function declared|() {'],
  [['declared', 'reflected'], 'function declared|() {'],
  [['(anonymous)', 'parsed'], "JSON.parse('[1]', |(key, value)"],
  [['größe数𝒳', 'repeat'], 'größe数𝒳: |() =>'],
  [['lone \ufffd\ufffd\ufffd surrogate', 'repeat'], "'lone \\ud800 surrogate'|() {"],
  [['tab\tand\nline', 'repeat'], "'tab\\tand\\nline'|() {"],
  [['Array<T>.map', 'repeat'], "'Array<T>.map'|() {"],
];

t.test('functions of every kind are found by name, file, line and column', async (t) => {
  const program = fixture('forms.cjs');
  const source = await readFile(program, 'utf8');
  const { records, protobuf, text } = await runJson<{ records: Brief[]; protobuf: string; text: string }>(program, {
    flags: UNOPTIMISED,
  });
  const under = (names: string[]): Brief[] => records.filter((record) => names.every((name, i) => record.names[i] === name));

  for (const [names, start, objects = TIMES] of FORMS) {
    const leaf = typeof start === 'string' ? { fileName: program, ...position(source, start) } : start;
    // A class whose field has an initialiser appears twice on the stack: it is the one without.
    const matching = under(names).filter(({ leaf: { line } }) => line === leaf.line);
    t.match(matching, [{ leaf, allocObjects: objects, inuseObjects: objects }], names.join(' < '));
    t.equal(matching.length, 1, `${names.join(' < ')} is one record`);
  }
  t.match(
    records.filter(({ names: [, shape, constructor] }) => shape === 'Shape' && constructor === 'constructor'),
    [{ leaf: { fileName: program }, allocObjects: TIMES }],
    'a field is initialised in a function of its own, whose name depends on V8',
  );
  t.match(
    records.filter(({ names }) => names[0] === 'fromWasm' && names.slice(1, 3).includes('wasm')),
    [{ leaf: { fileName: program, ...position(source, 'function fromWasm|() {') }, allocObjects: TIMES, inuseObjects: TIMES }],
    'called from WebAssembly, with what called it',
  );

  await t.test('in protobuf', async (t) => {
    const bytes = Buffer.from(protobuf, 'base64');
    await checkProtobuf(t, 'odd names', bytes);
    const { function: functions, stringTable } = decode(bytes);
    const exported = new Set(functions.map(({ name }) => stringTable[Number(name)]));
    for (const [[name]] of FORMS) t.ok(exported.has(name), `${name} is there unchanged`);
    t.ok(
      functions.some(({ filename }) => stringTable[Number(filename)]!.startsWith('node:')),
      'so are the functions of Node.js',
    );
  });

  t.test('in text', async (t) => {
    const lines = /^(heap profile: .*|\d+: \d+ \[\d+: \d+\] @( 0x[0-9a-f]+)+|#\t0x[0-9a-f]+\t.*\+0x0\t+.*:\d+|# .*|)$/;
    t.same(text.split('\n').filter((line) => !lines.test(line)), [], 'no name breaks a line');
  });
});

t.test('what no function has allocated', async (t) => {
  const roots = await runJson<string[]>(fixture('roots.cjs'));
  t.ok(roots.includes('(V8 API)'), 'is shown under the names V8 has for it');
  t.same(roots.filter((name) => !/^\([A-Z0-9_ ]+\)$/i.test(name)), [], 'and nothing else is without a file');
});

t.test('ES modules are shown by path', async (t) => {
  const directory = t.testdir({ 'odd ü%20 path': { 'a #1?%41 module.mjs': 'export function site() { return new Array(1000); }\n' } });
  const path = join(directory, 'odd ü%20 path', 'a #1?%41 module.mjs');
  const urls = [pathToFileURL(path).href, `${pathToFileURL(path).href}?again=1#x`, 'data:text/javascript,export function site() { return new Array(1000) }'];
  const files = await runJson<Record<string, string[]>>(fixture('modules.mjs'), { flags: UNOPTIMISED, args: urls });
  t.same(files.module, [fixture('modules.mjs')], 'the main module');
  t.same(files[urls[0]!], [path]);
  t.same(files[urls[1]!], [path], 'loaded under another URL');
  t.match(files[urls[2]!], [/^data:text\/javascript,/], 'what is no file keeps its URL');
});

t.test('a long name is cut between two characters', async (t) => {
  const names = await runJson<string[]>(fixture('long-names.cjs'), { flags: UNOPTIMISED });
  for (const [i, name] of names.entries()) {
    // Names are at most 4096 bytes of UTF-8; one, two, three or four of them make a character.
    t.ok(Buffer.byteLength(name) > 4092 && Buffer.byteLength(name) <= 4096, `${i} bytes before: length`);
    t.equal(name, `${'x'.repeat(i)}${'𝒳'.repeat(1100)}`.slice(0, name.length), `${i} bytes before: whole characters`);
  }
});

function position(source: string, marked: string): { line: number; column: number } {
  const at = source.indexOf(marked.replace('|', '')) + marked.indexOf('|');
  const lines = source.slice(0, at).split('\n');
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
