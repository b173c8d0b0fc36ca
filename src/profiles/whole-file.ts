import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { access, link, rename, rm, writeFile } from 'node:fs/promises';

/*
 * Files that appear complete or not at all: whoever reads one meanwhile sees the old one or the new one, never a part, and
 * where it cannot be written nothing is left.
 */

/** Writes a file, in the place of another one if there is one. */
export function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  return write(path, bytes, rename);
}

/** Writes a file that must not be there yet: the error is EEXIST otherwise. */
export function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  return write(path, bytes, name);
}

/** As writeWhole(), at once, for a process that is about to end. */
export function writeWholeSync(path: string, bytes: Uint8Array): void {
  const partial = partialOf(path);
  try {
    writeFileSync(partial, bytes, { flag: 'wx' });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function partialOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

async function write(path: string, bytes: Uint8Array, place: (from: string, to: string) => Promise<void>): Promise<void> {
  const partial = partialOf(path);
  try {
    await writeFile(partial, bytes, { flag: 'wx' });
    await place(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Unlike rename(), it leaves a file of that name alone. */
async function name(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || (await exists(to))) throw error;
    // A file system without hard links.
    await rename(from, to);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
