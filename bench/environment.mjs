import { cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What the figures depend on. */
export function describeEnvironment() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}

/** Of the last minute: what else the machine did, apart from the benchmark itself. */
export const loadAverage = () => loadavg()[0];
