import type { Profile } from '../pprof';
import { chooseColumn, type Column } from './sample-index';
import { varianceOf } from './variance';

/** An estimate, with its standard error where that is known. */
export interface Estimate {
  value: number;
  error: number | undefined;
}

export interface FunctionTally {
  name: string;
  file: string;
  line: number;
  /** What was sampled in the function itself. */
  flat: Estimate;
  /** And with what it has called. */
  cum: Estimate;
}

export interface Tally {
  column: Column;
  total: Estimate;
  functions: FunctionTally[];
}

class Sum {
  value = 0;

  /** Of nothing yet, the variance is 0, unless that of samples is not known. */
  constructor(private variance: number | undefined) {}

  add(value: number, variance: number | undefined): void {
    this.value += value;
    this.variance = this.variance === undefined || variance === undefined ? undefined : this.variance + variance;
  }

  /** Samples with the sign turned are as uncertain. */
  subtract({ value, variance }: Sum): void {
    this.add(-value, variance);
  }

  estimate(): Estimate {
    return { value: this.value, error: this.variance === undefined ? undefined : Math.sqrt(this.variance) };
  }
}

interface Row {
  name: string;
  file: string;
  line: number;
  flat: Sum;
  cum: Sum;
}

interface Sums {
  column: Column;
  newSum: () => Sum;
  total: Sum;
  rows: Map<string, Row>;
}

export interface TallyOptions {
  sampleIndex?: string | undefined;
  /** Only stacks in which a function's name matches. */
  focus?: RegExp | undefined;
}

/**
 * Sums of a profile by function. With `base`, what it has is subtracted: the errors are those of two profiles that have
 * nothing to do with each other, which is too much for two of one process.
 */
export function tally(profile: Profile, base: Profile | undefined, options: TallyOptions = {}): Tally {
  const sums = sum(profile, options);
  if (base !== undefined) subtract(sums, sum(base, { ...options, sampleIndex: sums.column.type }));
  const functions = [...sums.rows.values()].map(({ flat, cum, ...which }) => ({ ...which, flat: flat.estimate(), cum: cum.estimate() }));
  return { column: sums.column, total: sums.total.estimate(), functions };
}

/** Those that have anything, by flat or cum, whatever its sign; where that is equal, by the other, and then by name. */
export function largestFirst(functions: readonly FunctionTally[], by: 'flat' | 'cum'): FunctionTally[] {
  const other = by === 'flat' ? 'cum' : 'flat';
  const size = ({ value }: Estimate): number => Math.abs(value);
  return functions
    .filter(({ flat, cum }) => flat.value !== 0 || cum.value !== 0)
    .sort((a, b) => size(b[by]) - size(a[by]) || size(b[other]) - size(a[other]) || (a.name < b.name ? -1 : 1));
}

function sum(profile: Profile, { sampleIndex, focus }: TallyOptions): Sums {
  const column = chooseColumn(profile, sampleIndex);
  const variance = varianceOf(profile, column);
  const functionsAt = namesByLocation(profile);
  const newSum = (): Sum => new Sum(variance === undefined ? undefined : 0);
  const sums: Sums = { column, newSum, total: newSum(), rows: new Map() };
  for (const sample of profile.sample) {
    const stack = sample.locationId.flatMap((id) => functionsAt.get(Number(id)) ?? []);
    if (focus !== undefined && !stack.some(({ name }) => focus.test(name))) continue;
    const [value, its] = [Number(sample.value[column.index]), variance?.(sample)];
    sums.total.add(value, its);
    // Of a function that has called itself, once.
    for (const key of new Set(stack.map(({ key }) => key))) rowOf(sums, stack.find((each) => each.key === key)!).cum.add(value, its);
    if (stack[0] !== undefined) rowOf(sums, stack[0]).flat.add(value, its);
  }
  return sums;
}

interface Place {
  key: string;
  name: string;
  file: string;
  line: number;
}

function rowOf({ rows, newSum }: Sums, { key, name, file, line }: Place): Row {
  let row = rows.get(key);
  if (row === undefined) rows.set(key, (row = { name, file, line, flat: newSum(), cum: newSum() }));
  return row;
}

/** The functions at each location, innermost first. */
function namesByLocation({ location, function: functions, stringTable }: Profile): Map<number, Place[]> {
  const byId = new Map(
    functions.map(({ id, name, filename, startLine }) => {
      const [text, file] = [stringTable[Number(name)] ?? '', stringTable[Number(filename)] ?? ''];
      return [Number(id), { key: `${text}\n${file}\n${startLine}`, name: text, file, line: Number(startLine) }];
    }),
  );
  return new Map(location.map(({ id, line }) => [Number(id), line.flatMap(({ functionId }) => byId.get(Number(functionId)) ?? [])]));
}

function subtract(sums: Sums, base: Sums): void {
  sums.total.subtract(base.total);
  for (const [key, row] of base.rows) {
    const own = rowOf(sums, { key, ...row });
    own.flat.subtract(row.flat);
    own.cum.subtract(row.cum);
  }
}
