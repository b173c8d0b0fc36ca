import { figure } from '../markdown.mjs';
import { sampleChance } from './law.mjs';
import { COVERAGE_SAMPLES, RATE } from './settings.mjs';

/**
 * A function that makes objects.
 *
 * @typedef {object} Maker
 * @property {string} name of the function
 * @property {string} label what the report calls it
 * @property {number[]} sizes of its objects in bytes, multiples of 8
 * @property {number} copies functions of this name, each of which is a call stack of its own
 * @property {number} keep of each size and in each copy: how many objects are kept
 * @property {number} drop the same of those that are dropped in one round of the traffic
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Sizes, and so many objects of each that their bytes have a standard error of 0.3 % after 30 runs. */
const EQUAL = [
  [32, '32 B', 1_900_000],
  [512, '512 B', 117_000],
  [3 * KiB, '3 KiB', 18_000],
  [12 * KiB, '12 KiB', 3_300],
  [20 * KiB, '20 KiB', 1_500],
  [32 * KiB, '32 KiB', 600],
  [128 * KiB, '128 KiB', 60],
  [MiB, '1 MiB', 20],
  [4 * MiB, '4 MiB', 10],
].map(([size, label, count]) => ({ name: `make${size}`, label: `${label} (${figure(size / RATE)})`, sizes: [size], copies: 1, count }));

/** The same of functions that make many sizes. No size is sampled often by one copy: V8 rounds what that comes to. */
const AROUND_RATE = [
  { name: 'makeBelow', label: '0.7 to 1.1 times the rate', sizes: evenly(800, 0.7 * RATE, 1.1 * RATE), copies: 3, count: 1 },
  { name: 'makeAbove', label: '1.12 to 2.2 times the rate', sizes: evenly(800, 1.12 * RATE, 2.2 * RATE), copies: 1, count: 1 },
];
const SMALL = { name: 'makeSmall', label: '32 B to 1 KiB', sizes: evenly(125, 32, KiB), copies: 8, count: 140 };
/** As many between each size and twice that. */
const ALL = { name: 'makeAll', label: '32 B to 4 MiB', sizes: evenly(100, 5, 22, (exponent) => 2 ** exponent), copies: 10, count: 1 };

const keepAll = ({ count, ...maker }) => ({ ...maker, keep: count, drop: 0 });

/** Keeps one object in ten. */
function keepTenth({ count, ...maker }) {
  const keep = Math.floor(count / 10);
  return { ...maker, keep, drop: count - keep };
}

export const EQUAL_MAKERS = EQUAL.map(keepAll);
export const MIXED_MAKERS = [SMALL, ...AROUND_RATE].map(keepAll);
export const WIDE_MAKERS = [ALL].map(keepAll);
export const ALLOCATING_MAKERS = [...EQUAL, ...AROUND_RATE].map(keepTenth);

/** A service with full caches, in which what has filled them makes temporary objects as well, many for each that is kept. */
export const GARBAGE_MAKERS = [
  { name: 'cache1k', label: '1 KiB', sizes: [KiB], copies: 1, keep: 32_000, drop: 5_800 },
  { name: 'cache100k', label: '100 KiB', sizes: [100 * KiB], copies: 1, keep: 120, drop: 60 },
  { name: 'drop32', label: '32 B', sizes: [32], copies: 1, keep: 0, drop: 80_000 },
];

/** Functions of one size each, and functions of many, of each of which so many objects in use are sampled on average. */
export const COVERAGE_MAKERS = COVERAGE_SAMPLES.flatMap((samples) => {
  const maker = (name, label, sizes) => {
    const chances = sizes.reduce((sum, size) => sum + sampleChance(size, RATE), 0);
    const keep = Math.round(samples / chances);
    return { name: `${name}x${samples}`, label: `${samples}${label}`, sizes, copies: 1, keep, drop: keep };
  };
  const single = [64, 1024, 4096, 8192, 16384, 32768].map((size) => maker(`cover${size}`, '', [size]));
  return [...single, maker('coverMixed', ', of mixed sizes', evenly(10, 6, 15, (exponent) => 2 ** exponent))];
});

function evenly(count, from, to, sizeAt = (value) => value) {
  return Array.from({ length: count }, (_, i) => Math.round(sizeAt(from + ((to - from) * i) / (count - 1)) / 8) * 8);
}
