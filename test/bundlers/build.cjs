'use strict';
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');

// build.cjs FOLDER [tsc]: compiles src/ as their users do with several compilers, or TypeScript's alone, each into a folder of its
// own that is named like the way.

const SOURCES = join(__dirname, 'src');
const folder = resolve(process.argv[2]);
const isAll = process.argv[3] === undefined;
const typescript = require('typescript');

/** TypeScript's own output: a script and a map for each file. */
function tsc(to, options) {
  const program = typescript.createProgram([join(SOURCES, 'main.ts')], {
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.CommonJS,
    ignoreDeprecations: '6.0',
    types: [],
    outDir: join(folder, to),
    rootDir: SOURCES,
    ...options,
  });
  program.emit();
}

async function esbuild(to, options) {
  await require('esbuild-wasm').build({
    entryPoints: [join(SOURCES, 'main.ts')],
    bundle: true,
    platform: 'node',
    logLevel: 'error',
    outfile: join(folder, to, 'main.js'),
    ...options,
  });
}

/** File by file, each with its map in it. */
function swc(to) {
  const { transformSync } = require('@swc/wasm');
  mkdirSync(join(folder, to), { recursive: true });
  for (const name of ['cache', 'main']) {
    const path = join(SOURCES, `${name}.ts`);
    const { code } = transformSync(readFileSync(path, 'utf8'), {
      filename: relative(join(folder, to), path),
      sourceMaps: 'inline',
      module: { type: 'commonjs' },
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    });
    writeFileSync(join(folder, to, `${name}.js`), code);
  }
}

function webpack(to, options) {
  return new Promise((done, failed) => {
    const configuration = {
      context: __dirname,
      target: 'node',
      entry: join(SOURCES, 'main.ts'),
      output: { path: join(folder, to), filename: 'main.js', library: { type: 'commonjs2' } },
      module: { rules: [{ test: /\.ts$/, loader: join(__dirname, 'typescript-loader.cjs') }] },
      resolve: { extensions: ['.ts'] },
      ...options,
    };
    require('webpack')(configuration, (error, stats) => (error || stats.hasErrors() ? failed(error ?? new Error(String(stats))) : done()));
  });
}

(async () => {
  tsc('tsc', { sourceMap: true });
  tsc('tsc, with a root', { sourceMap: true, sourceRoot: SOURCES });
  tsc('tsc, inline', { inlineSourceMap: true, inlineSources: true });
  if (!isAll) return;
  await esbuild('esbuild', { sourcemap: true });
  await esbuild('esbuild, minified', { sourcemap: true, minify: true });
  await esbuild('esbuild, minified, inline', { sourcemap: 'inline', minify: true });
  // Without a word of it in the script.
  await esbuild('esbuild, external', { sourcemap: 'external' });
  swc('swc');
  await webpack('webpack', { mode: 'development', devtool: 'source-map' });
  await webpack('webpack, minified', { mode: 'production', devtool: 'source-map' });
})();
