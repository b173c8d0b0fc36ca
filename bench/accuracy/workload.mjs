import { runInThisContext } from 'node:vm';
import { shuffled } from '../random.mjs';

/**
 * What makes a new object of 32 bytes, and of as many as the template has: a BigInt's negation is as long as it is. A
 * literal would be followed by 16 bytes for V8, for as long as it is young.
 */
const SMALLEST = 'new Small(i)';
const LIKE_TEMPLATE = '-templates[i % templates.length]';

/** V8 leaves room for more than one field until a few have been made. */
class Small {
  constructor(value) {
    this.value = value;
  }
}

/** Functions that make objects, and what is kept of them. */
export class Workload {
  #functions;

  /** @param {import('./makers.mjs').Maker[]} makers */
  constructor(makers) {
    this.#functions = makers.flatMap((maker) => {
      const templates = maker.sizes.map(bigIntOf);
      return Array.from({ length: maker.copies }, (_, copy) => createFunction(maker, templates, copy));
    });
  }

  /** Until V8 has allocated what it keeps about the functions themselves. */
  warmUp() {
    const templates = [bigIntOf(32)];
    for (const { make } of this.#functions) {
      for (let i = 0; i < 20; i++) make(100, new Array(100).fill(null), templates, Small);
    }
  }

  fill() {
    for (const { make, kept, templates } of this.#functions) make(kept.length, kept, templates, Small);
  }

  /** One round of what makes garbage. */
  traffic() {
    for (const { make, dropped, templates } of shuffled(this.#functions)) make(dropped, null, templates, Small);
  }

  release() {
    for (const { kept } of this.#functions) kept.fill(null);
  }
}

function createFunction({ name, sizes, keep, drop }, templates, copy) {
  const object = sizes[0] === 32 && sizes.length === 1 ? SMALLEST : LIKE_TEMPLATE;
  // The loop is in the function that is measured: there is nothing to inline. What is dropped is held by nothing but a
  // local variable, as what is stored into an array while V8 marks would count as in use until it marks again.
  const source = `(function ${name}(count, kept, templates, Small) {
    let last;
    for (let i = 0; i < count; i++) {
      last = ${object};
      if (kept !== null) kept[i] = last;
    }
    return last;
  })`;
  const make = runInThisContext(source, { filename: `/workload/${name}-${copy}.js` });
  return { make, templates, kept: new Array(keep * sizes.length).fill(null), dropped: drop * sizes.length };
}

/** A value of exactly `bytes` on the heap. */
function bigIntOf(bytes) {
  const digits = bytes / 8 - 2; // behind the map and the length
  return (1n << BigInt(64 * digits)) - 1n;
}
