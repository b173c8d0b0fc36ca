import { chmodSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

/**
 * Removes a socket that a process has left behind when it was killed. A path at which something answers, or which is not
 * a socket, is left alone: listening there then fails with EADDRINUSE.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isSocket() && (await isRefused(path))) await unlink(path);
  } catch {
    // Not there, or not ours to look at: listening says what is wrong.
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

/** Lets nobody but the process's own user connect. Pipes of Windows have no such mode. */
export function makePrivate(path: string): void {
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}
