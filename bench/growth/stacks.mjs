import { runInThisContext } from 'node:vm';

const DIGITS = 6;

/**
 * Ten functions that call one another by the digits of a number, up to a million stacks of six frames. However many stacks
 * there are, the functions and the depth are the same; stacks share the frames of the leading digits.
 *
 * @param {string} name of the file. What is kept and what is thrown away must not come from the same functions: V8 allocates
 * where most objects have survived in the old generation, right away.
 * @returns {(stack: number, elements: number) => number[]} allocates an array at a stack
 */
export function compileStacks(name) {
  const digits = Array.from({ length: 10 }, (_, digit) => `function digit${digit}(stack, place, elements) {
    return place === 0 ? new Array(elements).fill(0) : digits[Math.floor(stack / place) % 10](stack, Math.floor(place / 10), elements);
  }`);
  return runInThisContext(
    `{
      const digits = [${digits}];
      (stack, elements) => digits[Math.floor(stack / ${10 ** (DIGITS - 1)}) % 10](stack, ${10 ** (DIGITS - 2)}, elements);
    }`,
    { filename: `/service/${name}.js` },
  );
}
