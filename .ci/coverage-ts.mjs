// coverage-ts.mjs FOLDER: how much of the compiled TypeScript has run, by file and altogether, from what processes have left
// in FOLDER with NODE_V8_COVERAGE. A line has run when any of it has in any process; comments and what closes a block are no lines.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = resolve('dist');
const NOT_CODE = /^\s*(?:\/\/.*|\/\*.*|\*.*|[\])};,\s]*|"use strict";|exports\.\w+ = (?:void 0|exports.*);|Object\.defineProperty\(exports.*)$/;

/** For each file, which characters have run in any process. */
const ran = new Map();

for (const name of readdirSync(process.argv[2])) {
  for (const { url, functions } of parse(readFileSync(join(process.argv[2], name), 'utf8'))) {
    if (!url.startsWith('file:')) continue;
    const file = fileURLToPath(url);
    if (!file.startsWith(DIST) || file.includes('generated')) continue;
    add(file, functions);
  }
}

/** What a process has left, which is cut off where it was ended meanwhile. */
function parse(json) {
  try {
    return JSON.parse(json).result;
  } catch {
    return [];
  }
}

function add(file, functions) {
  const length = readFileSync(file, 'utf8').length;
  const here = new Uint8Array(length).fill(1);
  // Ranges within others come after them, and count instead of them.
  for (const { ranges } of functions) for (const { startOffset, endOffset, count } of ranges) here.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  const all = ran.get(file);
  if (all === undefined) ran.set(file, here);
  else here.forEach((one, i) => (all[i] |= one));
}

const sources = readdirSync(DIST, { recursive: true })
  .filter((name) => name.endsWith('.js') && !name.includes('generated'))
  .map((name) => join(DIST, name));
const rows = sources.map((file) => {
  const text = readFileSync(file, 'utf8');
  const characters = ran.get(file) ?? new Uint8Array(text.length);
  let at = 0;
  const lines = text.split('\n').map((line) => {
    const has = characters.subarray(at, at + line.length).some((one, i) => one === 1 && line[i] !== ' ');
    at += line.length + 1;
    return { line, has };
  }).filter(({ line }) => !NOT_CODE.test(line));
  return { file: relative(DIST, file), lines: lines.length, covered: lines.filter(({ has }) => has).length };
});
const percent = (covered, lines) => ((100 * covered) / Math.max(1, lines)).toFixed(1).padStart(6);
const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
for (const { file, lines, covered } of rows.filter(({ lines, covered }) => covered < lines).sort((a, b) => a.covered / a.lines - b.covered / b.lines)) {
  console.log(`${percent(covered, lines)} % of ${String(lines).padStart(4)}  ${file}`);
}
console.log(`TypeScript coverage: ${percent(sum('covered'), sum('lines')).trim()} % of ${sum('lines')} compiled lines`);
