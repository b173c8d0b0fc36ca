import { memProfile } from '../../dist/index.js';

/** By function: bytes, and their standard errors, of what has been sampled at this rate. */
export function readErrorBars(rate) {
  const sums = {};
  for (const { stack, rate: sampledAt, estimated, standardError } of memProfile({ inuseZero: true })) {
    if (sampledAt !== rate) continue;
    const sum = (sums[stack[0].functionName] ??= { inUseBytes: 0, inUseError: 0, allocBytes: 0, allocError: 0 });
    sum.inUseBytes += estimated.inuseBytes;
    sum.allocBytes += estimated.allocBytes;
    sum.inUseError = Math.hypot(sum.inUseError, standardError.inuseBytes);
    sum.allocError = Math.hypot(sum.allocError, standardError.allocBytes);
  }
  return sums;
}
