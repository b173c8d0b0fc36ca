import { runInThisContext } from 'node:vm';
import { BYTES_PER_STACK } from './settings.mjs';

const BASE_FRAMES = 15;
const MIDS = 20;
const LEAVES = 50;

/**
 * Holds one array at each of `count` call stacks, a multiple of a thousand, and returns them. A stack is 15 frames in
 * files of their own, which all stacks have in common, then top, mid and leaf: 50 leaves x 20 mids below each top.
 */
export function holdStacks(count) {
  const groups = Array.from({ length: count / (MIDS * LEAVES) }, (_, top) => compileGroup(top));
  const held = [];
  const fill = () => {
    for (const { top, mids, leaves } of groups) {
      for (const mid of mids) for (const leaf of leaves) held.push(top(mid, leaf));
    }
  };
  let enter = fill;
  for (let i = BASE_FRAMES - 1; i >= 0; i--) enter = compile(`base${i}.js`, `(enter) => function base${i}() { enter(); }`)(enter);
  // Entered once: a chain called for each stack would be compiled into one frame.
  enter();
  return held;
}

function compileGroup(top) {
  const array = `new Array(${BYTES_PER_STACK / 8 - 2}).fill(0)`;
  const mids = Array.from({ length: MIDS }, (_, i) => `function mid${top}_${i}(leaf) { return leaf(); }`);
  const leaves = Array.from({ length: LEAVES }, (_, i) => `function leaf${top}_${i}() { return ${array}; }`);
  return compile(`group${top}.js`, `({ top: function top${top}(mid, leaf) { return mid(leaf); }, mids: [${mids}], leaves: [${leaves}] })`);
}

function compile(filename, source) {
  return runInThisContext(source, { filename: `/service/${filename}` });
}
