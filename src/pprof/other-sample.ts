import type { Samples, Symbols } from './columns';

const NAME = new TextEncoder().encode('(other)');
/** What the native tables give a frame of this name, which have one too, so that its address can be looked up. */
export const OTHER_ADDRESS = 0xd274f9197e9e;

/** The profile with one more sample at the end, whose stack is the frame `(other)` alone. */
export function addOther<T extends Samples & { symbols: Symbols }>(profile: T, values: readonly number[]): T {
  const { symbols, bytesLabel, labels } = profile;
  const { strings, frames, stacks } = symbols;
  const string = strings.start.length - 1;
  const frame = frames.name.length;
  return {
    ...profile,
    symbols: {
      strings: { bytes: appended(strings.bytes, NAME), start: appended(strings.start, [strings.bytes.length + NAME.length]) },
      frames: {
        name: appended(frames.name, [string]),
        file: appended(frames.file, [0]),
        line: appended(frames.line, [0]),
        column: appended(frames.column, [0]),
        startLine: appended(frames.startLine, [0]),
        address: appended(frames.address, [OTHER_ADDRESS]),
      },
      stacks: { frames: appended(stacks.frames, [frame]), start: appended(stacks.start, [stacks.frames.length + 1]) },
    },
    bucket: appended(profile.bucket, [0xffffffff]),
    stack: appended(profile.stack, [stacks.start.length - 1]),
    values: appended(profile.values, values),
    ...(bytesLabel && { bytesLabel: appended(bytesLabel, [0]) }),
    ...(labels && { labels: { sets: labels.sets, set: appended(labels.set, [0]) } }),
  };
}

function appended<T extends Uint8Array | Uint32Array | Float64Array>(array: T, values: ArrayLike<number>): T {
  const longer = new (array.constructor as new (length: number) => T)(array.length + values.length);
  longer.set(array);
  longer.set(values, array.length);
  return longer;
}
