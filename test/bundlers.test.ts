import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { fixture, isTurnOf, runJson, UNOPTIMISED } from './helpers/child';
import type { Report, ShownFunction } from './helpers/shown-functions';

/* Profiles show functions in their sources, by source maps as compilers and bundlers write them. */

const exec = promisify(execFile);
const BUNDLERS = resolve('test/bundlers');
const SOURCES = join(BUNDLERS, 'src');

/** Of what the bundlers are given: which line of the source has something. */
async function lineOf(name: string, text: string): Promise<number> {
  const lines = (await readFile(join(SOURCES, name), 'utf8')).split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}

interface Way {
  /** Instead of the folder with the sources. */
  folder?: string;
  /** Names that V8 has, where the map has no better ones. */
  minified?: boolean;
  /** Whether functions that are called once have been moved to where they are called. */
  inlined?: boolean;
}

/** How test/bundlers/build.cjs compiles the program. */
const WAYS: Record<string, Way> = {
  tsc: {},
  'tsc, with a root': {},
  'tsc, inline': {},
  esbuild: {},
  'esbuild, minified': { minified: true },
  'esbuild, minified, inline': { minified: true },
  'esbuild, external': {},
  swc: {},
  webpack: { folder: 'webpack:///src' },
  'webpack, minified': { folder: 'webpack:///src', minified: true, inlined: true },
};

t.test('compilers and bundlers', async (t) => {
  const { NODE_OPTIONS: _, ...env } = process.env;
  // Compilers write the same with each version of Node.js; one of them reads what all write, and the others what TypeScript does.
  const isAll = isTurnOf(26);
  if (isAll) await exec('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: BUNDLERS, env });
  const folder = t.testdir();
  await exec(process.execPath, [join(BUNDLERS, 'build.cjs'), folder, ...(isAll ? [] : ['tsc'])], { env });
  for (const [way, { folder: shown = SOURCES, minified = false, inlined = false }] of Object.entries(WAYS)) {
    if (!isAll && !way.startsWith('tsc')) continue;
    await t.test(way, async (t) => {
      const script = join(folder, way, 'main.js');
      const { heap, block, cpu, exiting, text, records, unused, stats, resources } = await runJson<Report>(fixture('source-maps.cjs'), {
        flags: UNOPTIMISED,
        args: [JSON.stringify({ sourceMaps: true, cpuSeconds: 0.5 }), script],
      });
      const cache = `${shown}/cache.ts`;
      const check = async (functions: ShownFunction[], name: string, file: string, starts: string): Promise<void> => {
        const line = await lineOf(file, starts);
        const found = functions.filter((one) => one.name === name && one.file === `${shown}/${file}`);
        t.ok(found.length > 0, `${name} is there`, { functions });
        for (const { startLine } of found) t.equal(startLine, line, `${name} starts in line ${line}`);
      };
      for (const functions of [heap, exiting]) {
        await check(functions, 'fill', 'cache.ts', 'fill(count');
        await check(functions, 'remember', 'cache.ts', 'remember(i: ');
        await check(functions, 'makeArrays', 'cache.ts', 'const makeArrays');
        await check(functions, 'waitForTimer', 'cache.ts', 'function waitForTimer');
        await check(functions, 'run', 'main.ts', 'function run');
      }
      for (const { line, startLine, file } of heap) if (file === cache) t.equal(line, startLine, 'allocations have no other line');
      t.ok(records.includes(`fill ${cache}:${await lineOf('cache.ts', 'fill(count')}`), 'records say the same');
      t.match(text, `fill+0x`, 'and so does the text');
      t.match(text, `${cache}:`);
      t.same(unused, [], 'nothing is left of the names of before');

      // Where tasks wait, in which place a function starts is not known; minified code keeps V8's names there.
      // What minifiers drop of a map is found where the function's body begins.
      const [declared, awaits] = [await lineOf('cache.ts', 'function waitForTimer'), await lineOf('cache.ts', 'await new Promise')];
      const waiter = block.find(({ file, line }) => file === cache && (line === awaits || (minified && line === declared)));
      t.ok(waiter, 'the line of the await', { block });
      if (!minified) t.equal(waiter?.name, 'waitForTimer');

      const spins = [await lineOf('cache.ts', 'function spinProcessor'), await lineOf('cache.ts', 'return sum')];
      const spinner = cpu.find(({ file, line }) => file === cache && line >= spins[0]! && line <= spins[1]!);
      t.ok(spinner, 'CPU time', { cpu });
      if (!inlined) t.match(spinner, { name: 'spinProcessor', startLine: spins[0] });

      t.match(stats, { missingSourceMaps: 0, brokenSourceMaps: 0, lostSourcePlaces: 0 });
      t.ok(stats.sourceMaps > 0);
      t.same(resources, [], 'nothing keeps the process');
    });
  }
});
