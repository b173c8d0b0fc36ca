import { existsSync } from 'node:fs';
import { startupSnapshot } from 'node:v8';
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { binaryPaths } from './binary';
import { codedError } from './errors';
import { VERSION } from './version';

/** Under this a thread finds which copy's binary the one that has started it uses. */
const SHARED_BINARY = `mprof ${VERSION} binary`;
const REMEDY = 'build it for this Node.js with "npm rebuild mprof"';

/**
 * Copies of this package of one version use the binary that was loaded first, as what is the process's is kept there. Apart
 * from that, loads the first one that fits; of those that do not, the first one's reason is the error.
 */
export function loadBinary(): unknown {
  if (startupSnapshot.isBuildingSnapshot()) {
    throw codedError(
      'ERR_MPROF_UNSUPPORTED',
      'mprof cannot be part of a startup snapshot, since no native addon can: load it in the function that is passed to ' +
        'v8.startupSnapshot.setDeserializeMainFunction()',
    );
  }
  const shared = getEnvironmentData(SHARED_BINARY);
  const paths = binaryPaths();
  const present = [...(typeof shared === 'string' ? [shared] : []), ...paths].filter((path) => existsSync(path));
  let problem: Error | undefined;
  for (const path of present) {
    try {
      const native = loadFrom(path);
      setEnvironmentData(SHARED_BINARY, path);
      return native;
    } catch (error) {
      problem ??= error as Error;
    }
  }
  throw problem ?? cannotLoad(`there is neither ${paths.join(' nor ')}`);
}

function loadFrom(path: string): unknown {
  let addon: { abi: number; attach(thread: number): unknown };
  try {
    addon = require(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw cannotLoad(reason, cause);
  }
  // The addon uses V8's C++ classes, whose layout changes with every major version of Node, and Node checks that
  // only for addons that do not use Node-API.
  const { modules } = process.versions;
  if (String(addon.abi) !== modules) {
    throw codedError(
      'ERR_MPROF_BINARY',
      `the native part of mprof was built for a Node.js with ABI ${addon.abi}, and ${process.version} has ABI ${modules}; ${REMEDY}`,
    );
  }
  return addon.attach(threadId);
}

function cannotLoad(reason: string, cause?: unknown): Error {
  const isForbidden = (cause as { code?: unknown } | undefined)?.code === 'ERR_DLOPEN_DISABLED';
  const remedy = isForbidden ? 'allow it with --allow-addons where there is --permission, and without --no-addons' : REMEDY;
  return codedError('ERR_MPROF_BINARY', `the native part of mprof cannot be loaded (${reason}); ${remedy}`, cause);
}
