import { native } from '../binding';
import { inSteps, type Steps } from '../pprof/steps';
import { runInSlices } from '../slices';
import { shownSymbols } from './shown-symbols';
import { lookUpFrames, lookUpStrings, stringNumbers } from './stack-symbols';
import { decodeString } from './symbolize';

/**
 * The names of the functions at these addresses, undefined for addresses of no known frame. An address names the same
 * function as the one after it: text profiles list the latter, as Go's list return addresses. Rejects when the signal
 * aborts.
 */
export async function functionNames(addresses: readonly number[], signal: AbortSignal): Promise<(string | undefined)[]> {
  return addresses.length === 0 ? [] : runInSlices(findNames(addresses, native.getStats().frames), signal);
}

function* findNames(addresses: readonly number[], frameCount: number): Steps<(string | undefined)[]> {
  const names = stringNumbers();
  const numbers = new Uint32Array(frameCount);
  yield* inSteps(frameCount, (from, to) => {
    for (let number = from; number < to; number++) numbers[number] = number;
  });
  const frames = yield* lookUpFrames(numbers, names);
  const rows = new Map<number, number>();
  yield* inSteps(frameCount, (from, to) => {
    for (let row = from; row < to; row++) rows.set(frames.address[row]!, row);
  });
  const stacks = { frames: new Uint32Array(0), start: new Uint32Array(1) };
  const { strings, frames: shown } = yield* shownSymbols({ strings: yield* lookUpStrings(names.numbers()), frames, stacks });
  return addresses.map((address) => {
    const row = rows.get(address - (address % 2));
    return row === undefined ? undefined : decodeString(strings, shown.name[row]!);
  });
}
