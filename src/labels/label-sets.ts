import { native } from '../binding';
import type { Labels } from './labels';

/* Sets of labels by number: the same one in all threads, and for as long as the process lives. */

/** How often a set found no number. */
let refused = 0;

/** The number of a set; 0 for none, and for one that is too long or that the process's table has no room for. */
export function labelsNumber(labels: Labels | undefined): number {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return 0;
  const number = native.internLabels(JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
  if (number >= 0) return number;
  refused++;
  return 0;
}

/** How often labels have been left out in this thread as their set found no number. */
export function refusedLabels(): number {
  return refused;
}

/** The set whose number is that of this text; none for the empty text. */
export function parseLabels(text: string): Labels {
  const labels = Object.create(null) as Record<string, string>;
  if (text !== '') for (const [key, value] of JSON.parse(text) as [string, string][]) labels[key] = value;
  return labels;
}
