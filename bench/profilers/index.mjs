/**
 * One profiler, behind the interface all of them are measured through.
 *
 * @typedef {object} Profiler
 * @property {(rate: number) => void | Promise<void>} start samples every `rate` bytes, with the profiler's own defaults otherwise
 * @property {() => void | Promise<void>} stop
 * @property {() => Promise<Uint8Array | string>} takeProfile one profile as its users get it, ready to be sent
 * @property {() => Promise<Uint8Array>} [takeProfileAfterGc] the same after a full garbage collection, where users can ask for that
 * @property {(profile: Uint8Array | string) => { samples: number, bytes: number }} readInUse rows and bytes in use of a profile taken
 * @property {(profile: Uint8Array | string) => Record<string, FunctionValues>} readFunctions the same by the function that has allocated
 *
 * @typedef {object} FunctionValues what a profile has of one function, callees left out
 * @property {number} inUseBytes
 * @property {number} [inUseObjects]
 * @property {number} [allocBytes] since the start, or since the last profile where each begins anew
 * @property {number} [allocObjects]
 */

/** Of Node.js. Two of the profilers are only in, or for, newer versions. */
const MAJOR = Number(process.versions.node.split('.')[0]);

/** Names of the profilers that this Node.js can run, in the order of the report; `off` is no profiler at all. */
export const PROFILERS = ['mprof', 'datadog', 'google', 'inspector', ...(MAJOR >= 26 ? ['datadog-alloc', 'node'] : [])];

/** How the report calls them. */
export const LABELS = {
  off: 'off',
  'off-again': 'off again (A/A)',
  mprof: 'mprof, four values, depth 128',
  'mprof-waits': 'mprof, heap, block and mutex profiles',
  datadog: '`@datadog/pprof` heap, in-use only, depth 64',
  'datadog-alloc': '`@datadog/pprof` heap with allocations, depth 64',
  google: '`pprof` heap, in-use only, depth 64',
  inspector: 'inspector `HeapProfiler.startSampling`, in-use bytes only, depth 128',
  node: '`v8.startHeapProfile()`, in-use bytes only, depth 16',
};

const OFF = { start() {}, stop() {} };

/**
 * @param {string} name one of PROFILERS, `off`, or `off-again`
 * @returns {Promise<Profiler>}
 */
export async function loadProfiler(name) {
  return name.startsWith('off') ? OFF : import(`./${name}.mjs`);
}
