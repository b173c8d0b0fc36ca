const BYTES = ['B', 'kB', 'MB', 'GB', 'TB'];
const NANOSECONDS: [size: number, name: string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
];

/** Writes values. */
export type Scale = (value: number) => string;

/** Writes values of a unit in one scale: the largest that the largest of them, `most`, has at least one of; kB are 1024 B, as in `go tool pprof`. */
export function scaleFor(unit: string, most: number): Scale {
  if (unit === 'bytes') {
    const exponent = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(most))) / 10)));
    return (value) => `${digits(value / 1024 ** exponent, exponent > 0)}${BYTES[exponent]}`;
  }
  if (unit === 'nanoseconds') {
    const [size, name] = NANOSECONDS.find(([size]) => Math.abs(most) >= size) ?? NANOSECONDS.at(-1)!;
    return (value) => `${digits(value / size, size > 1)}${name}`;
  }
  return (value) => digits(value, false);
}

function digits(value: number, withFraction: boolean): string {
  const text = withFraction ? value.toFixed(2) : String(Math.round(value));
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text;
}

/** A share of the total, as `go tool pprof` prints it. */
export function percent(value: number, total: number): string {
  const share = total === 0 ? 0 : Math.abs(value / total) * 100;
  if (share >= 99.95 && share <= 100.05) return '100%';
  return `${share >= 1 ? share.toFixed(2) : Number(share.toPrecision(2))}%`;
}
