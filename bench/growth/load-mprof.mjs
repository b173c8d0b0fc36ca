/** Starts mprof with these options, or leaves it out where there are none. */
export async function loadMprof(options) {
  if (options === undefined) return undefined;
  const mprof = await import('../../dist/index.js');
  mprof.start(options);
  return mprof;
}
