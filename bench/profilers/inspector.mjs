import { Session } from 'node:inspector/promises';

let session;

export async function start(samplingInterval) {
  session = new Session();
  session.connect();
  await session.post('HeapProfiler.enable');
  await session.post('HeapProfiler.startSampling', { samplingInterval });
}

/** V8 runs a full garbage collection here. */
export async function stop() {
  await session.post('HeapProfiler.stopSampling');
  session.disconnect();
}

export async function takeProfile() {
  const { profile } = await session.post('HeapProfiler.getSamplingProfile');
  return JSON.stringify(profile);
}

export function readInUse(json) {
  let [samples, bytes] = [0, 0];
  const pending = [JSON.parse(json).head];
  while (pending.length > 0) {
    const { selfSize, children } = pending.pop();
    if (selfSize > 0) samples++;
    bytes += selfSize;
    pending.push(...children);
  }
  return { samples, bytes };
}

/** By the name of the function that has allocated them: bytes in use. */
export function readFunctions(json) {
  const sums = {};
  const pending = [JSON.parse(json).head];
  while (pending.length > 0) {
    const { callFrame, selfSize, children } = pending.pop();
    const sum = (sums[callFrame.functionName] ??= { inUseBytes: 0 });
    sum.inUseBytes += selfSize;
    pending.push(...children);
  }
  return sums;
}
