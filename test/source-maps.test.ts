import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import typescript from 'typescript';
import { fixture, knownFlags, runJson, runNode, UNOPTIMISED, type Exit } from './helpers/child';
import type { Report } from './helpers/shown-functions';

/* Source maps of all kinds, good and bad. */

const SOURCE = `

interface Kept {
  list: unknown[];
}

export function allocate(): Kept {
  return { list: new Array<unknown>(100) };
}

export async function run(): Promise<Kept> {
  return allocate();
}
`;
const LINE = SOURCE.split('\n').findIndex((line) => line.includes('function allocate')) + 1;

interface Compiled {
  code: string;
  map: Record<string, unknown>;
}

function compile(source: string): Compiled {
  const { outputText, sourceMapText } = typescript.transpileModule(source, {
    fileName: 'source.ts',
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.CommonJS, sourceMap: true, removeComments: true },
  });
  return { code: outputText.replace(/\/\/# sourceMappingURL.*/, ''), map: JSON.parse(sourceMapText!) as Record<string, unknown> };
}

interface Case {
  /** The end of the script. */
  comment?: string;
  /** What is written to script.js.map, or to `as`. */
  map?: string;
  as?: string;
  /** Which file is shown, relative to the folder unless it is a URL; where it is none, the script itself. */
  shown?: string;
}

const COMMENT = '//# sourceMappingURL=script.js.map';

function casesIn(folder: (name: string) => string): Record<string, Case> {
  const { map } = compile(SOURCE);
  const text = (changes: object): string => JSON.stringify({ ...map, ...changes });
  const plain = text({});
  return {
    'beside the script': { map: plain, shown: 'source.ts' },
    'in a comment': { comment: COMMENT, map: plain, shown: 'source.ts' },
    'in an old comment': { comment: '//@ sourceMappingURL=script.js.map', map: plain, shown: 'source.ts' },
    'in a block comment': { comment: '/*# sourceMappingURL=script.js.map */', map: plain, shown: 'source.ts' },
    'the last of two comments': { comment: `//# sourceMappingURL=none.map\n${COMMENT}`, map: plain, shown: 'source.ts' },
    'a name with a space': { comment: '//# sourceMappingURL=a%20map.json', as: 'a map.json', map: plain, shown: 'source.ts' },
    'a name with a percent sign': { comment: '//# sourceMappingURL=100%.map', as: '100%.map', map: plain, shown: 'source.ts' },
    'a URL of a file': { comment: `//# sourceMappingURL=${pathToFileURL(join(folder('a URL of a file'), 'other.map'))}`, as: 'other.map', map: plain, shown: 'source.ts' },
    'base64': { comment: `//# sourceMappingURL=data:application/json;charset=utf-8;base64,${Buffer.from(plain).toString('base64')}`, shown: 'source.ts' },
    'percent-encoded': { comment: `//# sourceMappingURL=data:application/json,${encodeURIComponent(plain)}`, shown: 'source.ts' },
    'another folder': { comment: COMMENT, map: text({ sources: ['../elsewhere/source.ts'] }), shown: '../elsewhere/source.ts' },
    'a root': { comment: COMMENT, map: text({ sourceRoot: 'root/of', sources: ['source.ts'] }), shown: 'root/of/source.ts' },
    'an absolute root': { comment: COMMENT, map: text({ sourceRoot: '/root/of/', sources: ['source.ts'] }), shown: '/root/of/source.ts' },
    'a root that is a URL': { comment: COMMENT, map: text({ sourceRoot: 'webpack://app/./', sources: ['source.ts'] }), shown: 'webpack://app/source.ts' },
    'sources by URL': { comment: COMMENT, map: text({ sources: ['file:///root/with%20space/source.ts'] }), shown: '/root/with space/source.ts' },
    'an index of maps': { comment: COMMENT, map: JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] }), shown: 'source.ts' },
    'a guard against inclusion': { comment: COMMENT, map: `)]}'\n${plain}`, shown: 'source.ts' },
    'no map': {},
    'a text that is no comment': { comment: 'void "sourceMappingURL=script.js.map";' },
    'a map without anything': { comment: COMMENT, map: text({ mappings: '' }) },
    'a map with nonsense': { comment: COMMENT, map: text({ mappings: '!!,;%%;~' }) },
    'a map whose source has no name': { comment: COMMENT, map: text({ sources: [null] }) },
    'a map of sources that are not there': { comment: COMMENT, map: text({ sources: [] }) },
    'missing: a file': { comment: COMMENT },
    'missing: elsewhere': { comment: '//# sourceMappingURL=https://example.com/script.js.map' },
    'broken: a folder': { comment: '//# sourceMappingURL=.' },
    'broken: not JSON': { comment: COMMENT, map: plain.slice(0, -5) },
    'broken: null': { comment: COMMENT, map: 'null' },
    'broken: a text': { comment: COMMENT, map: '"map"' },
    'broken: no sources': { comment: COMMENT, map: '{"version":3,"mappings":""}' },
    'broken: no mappings': { comment: COMMENT, map: text({ mappings: 5 }) },
    'broken: sections of nothing': { comment: COMMENT, map: '{"version":3,"sections":[{"offset":{"line":0,"column":0}}]}' },
    'broken: base64': { comment: '//# sourceMappingURL=data:application/json;base64,AAAA' },
  };
}

async function writeCases(folder: string): Promise<{ cases: Record<string, Case>; scripts: Record<string, string> }> {
  const folderOf = (name: string): string => join(folder, name.replaceAll(/[^a-z0-9 ]/gi, '_'));
  const cases = casesIn(folderOf);
  const scripts: Record<string, string> = {};
  const { code } = compile(SOURCE);
  for (const [name, { comment = '', map, as = 'script.js.map' }] of Object.entries(cases)) {
    const path = folderOf(name);
    await mkdir(path);
    scripts[name] = join(path, 'script.js');
    await writeFile(scripts[name], `${code}\n${comment}\n`);
    if (map !== undefined) await writeFile(join(path, as), map);
  }
  return { cases, scripts };
}

t.test('maps of all kinds', async (t) => {
  const { cases, scripts } = await writeCases(t.testdir());
  const { stdout, stderr, code } = await runNode(fixture('source-maps.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ sourceMaps: true, workers: true }), ...Object.values(scripts)],
  });
  t.equal(code, 0, stderr);
  const { heap, exiting, stats } = JSON.parse(stdout) as Report;
  const names = Object.keys(cases);
  const countOf = (kind: string): number => names.filter((name) => name.startsWith(`${kind}: `)).length;
  const unmapped = ['no map', 'a text that is no comment'].length;
  t.same(stats, {
    sourceMaps: names.length - unmapped - countOf('missing') - countOf('broken'),
    missingSourceMaps: countOf('missing'),
    brokenSourceMaps: countOf('broken'),
    lostSourcePlaces: 0,
  });
  for (const kind of ['missing', 'broken']) {
    t.equal(stderr.match(new RegExp(`\\[MPROF_SOURCE_MAP\\].* is ${kind}`, 'g'))?.length, 1, `one warning for what is ${kind}`);
  }
  for (const [name, { shown }] of Object.entries(cases)) {
    const script = scripts[name]!;
    const file = shown === undefined ? script : /^\w+:/.test(shown) ? shown : resolve(join(script, '..'), shown);
    // In the script the function is in another line.
    for (const functions of [heap, exiting]) {
      const found = functions.filter((one) => one.file === file && one.name === 'allocate');
      t.ok(found.length > 0, `${name}: ${file}`);
      if (shown !== undefined) for (const { line } of found) t.equal(line, LINE);
      else for (const { line } of found) t.not(line, LINE);
    }
  }
});

t.test('a script that names a device', async (t) => {
  const script = join(t.testdir({ 'script.js': `${compile(SOURCE).code}\n//# sourceMappingURL=/dev/zero\n` }), 'script.js');
  const { heap, stats } = await runJson<Report>(fixture('source-maps.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ sourceMaps: true }), script],
    // With that, Node.js would read the device to its end.
    env: { NODE_V8_COVERAGE: '' },
  });
  t.ok(heap.some(({ name, file }) => name === 'allocate' && file === script));
  t.match(stats, { sourceMaps: 0, missingSourceMaps: 0, brokenSourceMaps: 1 });
});

t.test('where there may be no threads', async (t) => {
  const flags = (await knownFlags(['--permission', '--experimental-permission'])).slice(0, 1);
  const { scripts } = await writeCases(t.testdir());
  const script = scripts['in a comment']!;
  const { heap } = await runJson<Report>(fixture('source-maps.cjs'), {
    flags: [...UNOPTIMISED, ...flags, '--allow-addons', '--allow-fs-read=*'],
    args: [JSON.stringify({ sourceMaps: true }), script],
  });
  t.ok(heap.some(({ name, file }) => name === 'allocate' && file === join(script, '..', 'source.ts')));
});

t.test('not unless it is asked for', async (t) => {
  const { scripts } = await writeCases(t.testdir());
  const script = scripts['in a comment']!;
  const { heap, block, stats } = await runJson<Report>(fixture('source-maps.cjs'), { flags: UNOPTIMISED, args: ['{}', script] });
  t.ok(heap.some(({ name, file }) => name === 'allocate' && file === script));
  for (const { file } of [...heap, ...block]) t.notMatch(file, /\.ts$/);
  t.same(stats, { sourceMaps: 0, missingSourceMaps: 0, brokenSourceMaps: 0, lostSourcePlaces: 0 });
});

t.test('trimPath', async (t) => {
  const folder = t.testdir();
  const { scripts } = await writeCases(folder);
  const [mapped, unmapped] = [scripts['in a comment']!, scripts['no map']!];
  for (const trimPath of [folder, `${folder}/`]) {
    const { heap, text } = await runJson<Report>(fixture('source-maps.cjs'), {
      flags: UNOPTIMISED,
      args: [JSON.stringify({ sourceMaps: true, trimPath }), mapped, unmapped],
    });
    const files = heap.filter(({ name }) => name === 'allocate').map(({ file }) => file);
    t.same([...new Set(files)].sort(), ['in a comment/source.ts', 'no map/script.js']);
    t.match(text, '\tno map/script.js:');
    t.notOk(heap.some(({ file }) => file.startsWith(folder)));
  }
  const { heap } = await runJson<Report>(fixture('source-maps.cjs'), {
    flags: UNOPTIMISED,
    args: [JSON.stringify({ trimPath: `${folder}/in a` }), mapped],
  });
  t.ok(heap.some(({ file }) => file === mapped), 'the beginning of a name is no folder');
});

t.test('the environment', async (t) => {
  const { scripts } = await writeCases(t.testdir());
  const script = scripts['in a comment']!;
  const run = (env: Record<string, string>): Promise<Exit> =>
    runNode(fixture('source-files.cjs'), { flags: [...UNOPTIMISED, '--require', 'mprof/register'], args: [script], env: { MPROF_MEM_PROFILE_RATE: '1', ...env } });
  const trimmed = await run({ MPROF_SOURCE_MAPS: '1', MPROF_TRIM_PATH: resolve(script, '../..') });
  t.same(JSON.parse(trimmed.stdout), ['in a comment/source.ts'], trimmed.stderr);
  const off = await run({ MPROF_SOURCE_MAPS: '0' });
  t.same(JSON.parse(off.stdout), [script], off.stderr);
  for (const [name, value, rule] of [['MPROF_SOURCE_MAPS', 'yes', '0 or 1'], ['MPROF_TRIM_PATH', 'src', 'an absolute path']] as const) {
    const { code, stderr } = await run({ [name]: value });
    t.equal(code, 0, 'the program runs without');
    t.match(stderr, new RegExp(`must be ${rule}, got "${value}"`));
  }
});

t.test('options', async (t) => {
  const { start } = await import('mprof');
  const wrong = (options: object): (() => void) => () => start(options);
  t.throws(wrong({ sourceMaps: 1 }), { name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'sourceMaps must be a boolean, got 1' });
  t.throws(wrong({ trimPath: 1 }), { name: 'TypeError', code: 'ERR_MPROF_INVALID_ARG_TYPE', message: 'trimPath must be an absolute path, got 1' });
  t.throws(wrong({ trimPath: 'src' }), { name: 'RangeError', code: 'ERR_MPROF_OUT_OF_RANGE', message: 'trimPath must be an absolute path, got "src"' });
});
