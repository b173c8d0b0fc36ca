/**
 * One profiler, behind the interface all of them are measured through.
 *
 * @typedef {object} Profiler
 * @property {(rate: number) => void | Promise<void>} start samples every `rate` bytes, with the profiler's own defaults otherwise
 * @property {() => void | Promise<void>} stop
 * @property {() => Promise<Uint8Array | string>} takeProfile one profile as its users get it, ready to be sent
 * @property {(profile: Uint8Array | string) => { samples: number, bytes: number }} readInUse rows and bytes in use of a profile taken
 */

/** Names of the profilers, in the order of the report; `off` is no profiler at all. */
export const PROFILERS = ['mprof', 'datadog', 'inspector'];

/** How the report calls them. */
export const LABELS = {
  off: 'off',
  'off-again': 'off again (A/A)',
  mprof: 'mprof, four values, depth 128',
  datadog: '`@datadog/pprof` heap, in-use only, depth 64',
  inspector: 'inspector `HeapProfiler.startSampling`, in-use bytes only, depth 128',
};

const OFF = { start() {}, stop() {} };

/**
 * @param {string} name one of PROFILERS, `off`, or `off-again`
 * @returns {Promise<Profiler>}
 */
export async function loadProfiler(name) {
  return name.startsWith('off') ? OFF : import(`./${name}.mjs`);
}
