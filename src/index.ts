/**
 * Go's memory profiling for Node.js.
 *
 *     import { start } from 'mprof';
 *     import { listen } from 'mprof/http';
 *     start();
 *     await listen();
 *
 * Then `go tool pprof http://127.0.0.1:6060/debug/pprof/heap` shows, by function, what is in use and what has been
 * allocated since the start.
 *
 * @module
 */
import { checkText } from './checks';
import type { DeltaOptions } from './profiles/profile';
import { lookup } from './profiles/registry';
import type { Writable } from 'node:stream';

export { memProfileRate, setMemProfileRate } from './runtime';
export { start, stop } from './start';
export type { StartOptions } from './start-options';
export { runTask } from './waits/tasks';
export { setBlockProfileRate, setMutexProfileFraction, type WaitStats } from './waits/rates';
export type { RateRange } from './waits/effective-rate';
export { doWithLabels, labels, type Labels } from './labels/labels';
export { stats, type Stats } from './stats';
export { lookup, profiles } from './profiles/registry';
export { newProfile, type CustomProfile } from './profiles/custom';
export { setProfileLimits, type ProfileLimits } from './profiles/limits';
export type { DeltaOptions, Profile, ProfileOptions } from './profiles/profile';
export { memProfile, type HeapValues, type MemProfileOptions, type MemProfileRecord } from './profiles/mem-profile';
export { cpuProfile, type CpuProfileOptions } from './profiles/cpu';
export { dumpNearHeapLimit, type NearHeapLimitOptions } from './dumps/near-heap-limit';
export { writeProfilesOnSignal, type SignalOptions } from './dumps/on-signal';
export { blockProfile, mutexProfile, type ContentionRecord, type ThreadOptions } from './profiles/contention-profile';
export type { StackFrame } from './profiles/stack-frame';
export type { CodedError, ErrorCode } from './errors';

/**
 * What changed in a profile within the next `seconds`, as protobuf: `lookup(name).delta({ seconds, signal })` for a name
 * that has to be known.
 *
 * @throws RangeError for a name that no profile has
 */
export async function deltaProfile(name: string, options: DeltaOptions): Promise<Uint8Array> {
  const profile = lookup(name);
  checkText('name', name, () => profile !== undefined, 'the name of a profile');
  return profile!.delta(options);
}

/** Writes the heap profile, gzipped, to a stream, which is left open, or to a file, which appears complete or not at all. */
export async function writeHeapProfile(destination: Writable | string): Promise<void> {
  await lookup('heap')!.writeTo(destination);
}
