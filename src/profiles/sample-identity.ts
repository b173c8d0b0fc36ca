import type { Labels } from '../labels/labels';
import { labelLine } from '../pprof/label-text';

/** A stack by its number, and the labels it was met with. */
export interface Identity {
  stack: number;
  labels: Labels | undefined;
}

/** There are fewer stacks than that. */
const FIRST_LABELLED = 2 ** 24;
/** Programs may label work with whatever they like; past that, labels are left out. */
const MAX_LABELLED = 2 ** 16;

const labelled: Identity[] = [];
const numbers = new Map<string, number>();

/** The number of a stack with labels: the same for as long as the process lives, and another one for other labels. */
export function identityNumber({ stack, labels }: Identity): number {
  const line = labels === undefined ? '' : labelLine(labels);
  if (line === '') return stack;
  const key = `${stack} ${line}`;
  let number = numbers.get(key);
  if (number === undefined) {
    if (labelled.length === MAX_LABELLED) return stack;
    number = FIRST_LABELLED + labelled.push({ stack, labels }) - 1;
    numbers.set(key, number);
  }
  return number;
}

/** What has that number. */
export function identityOf(number: number): Identity {
  return number < FIRST_LABELLED ? { stack: number, labels: undefined } : labelled[number - FIRST_LABELLED]!;
}
