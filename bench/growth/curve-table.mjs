import { figure, table } from '../markdown.mjs';
import { slope } from './slope.mjs';

/**
 * A value of each point of a curve.
 *
 * @typedef {object} Column
 * @property {string} label with the unit behind a comma
 * @property {(point: any) => number} of
 * @property {boolean} [inWords] whether its growth is told below the table, too
 */

/**
 * The points of a curve with the slopes of its columns, and in words how much is gained while there is how much more.
 *
 * @param {[string, (point: any) => number]} x what grows
 * @param {Column[]} columns
 */
export function curve(points, [xLabel, xOf], columns) {
  const xs = points.map(xOf);
  const slopeOf = ({ of }, from = 0) => slope(xs.slice(from), points.slice(from).map(of));
  const rows = [
    ...points.map((point) => [xOf(point), ...columns.map(({ of }) => number(of(point)))]),
    ['**slope**', ...columns.map((column) => twoDigits(slopeOf(column), '**'))],
    ['slope of the last step', ...columns.map((column) => twoDigits(slopeOf(column, points.length - 2)))],
  ];
  const words = columns
    .filter((column) => column.inWords && slopeOf(column) !== undefined)
    .map((column) => `${column.label.replace(/, [^,]*$/, '')} ${times(points.map(column.of))}, ${inWords(slopeOf(column))}`);
  return `${table([xLabel, ...columns.map(({ label }) => label)], rows)}

From the first to the last point there is ${times(xs)} as much: ${words.join('; ')}.`;
}

function inWords(slope) {
  if (slope < 0.1) return 'no growth';
  if (slope < 0.9) return 'less than in proportion';
  return slope <= 1.1 ? 'in proportion' : 'more than in proportion';
}

const times = (values) => `${figure(values.at(-1) / values[0])} times`;
/** Counts have all their digits. */
const number = (value) => (Number.isInteger(value) ? String(value) : figure(value));
const twoDigits = (value, mark = '') => (value === undefined ? '' : `${mark}${value.toFixed(2).replace('-0.00', '0.00')}${mark}`);
