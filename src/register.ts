/**
 * Profiles a program that knows nothing of it, and all of its worker threads:
 *
 *     node --require mprof/register app.js        # or --import
 *
 * Settings come from the environment: MPROF_MEM_PROFILE_RATE, MPROF_BLOCK_PROFILE_RATE and MPROF_MUTEX_PROFILE_FRACTION are
 * what the functions of these names take, MPROF_SOURCE_MAPS=1 and MPROF_TRIM_PATH what start() takes as `sourceMaps` and `trimPath`, and MPROF_ADDR is where to serve the profiles, such as `6060`, `127.0.0.1:6060`
 * or the path of a Unix socket; they are not served where it is not set. Each process needs an address of its own: `%p` in a
 * path stands for the number of the process, and port 0 is any free one, which a line on stderr names. MPROF_DUMP_DIR is a
 * folder for what dumpNearHeapLimit() and writeProfilesOnSignal() write, and MPROF_EXIT_DIR one for the profiles as they are when
 * the process ends. What cannot be done, such as a port's being taken, is a
 * warning.
 *
 * @module
 */
try {
  require('./threads/registered');
} catch (error) {
  // Such as the addon's not being there, or not being allowed.
  process.emitWarning(error instanceof Error ? error : String(error));
}
