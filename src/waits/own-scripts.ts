import { join, sep } from 'node:path';
import { threadState } from '../threads/thread-state';

/*
 * What this package waits for while it writes and serves profiles is no wait of the program's.
 */

/** Where this script is in the folder of the package's scripts. */
const SCRIPT = join('waits', 'own-scripts.js');

/** Folders of all copies of this package in this thread, as any of them may record what another one does. */
const { folders } = threadState('own scripts', () => ({ folders: new Set<string>() }));

// In a bundle, the program's own code is in the same file.
if (__filename.endsWith(join(sep, 'dist', SCRIPT))) folders.add(__filename.slice(0, -SCRIPT.length));

/** Whether the file is a script of this package. */
export function isOwnScript(file: string): boolean {
  for (const folder of folders) if (file.startsWith(folder)) return true;
  return false;
}
