import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { checkText } from '../checks';

/*
 * Files that profiles are written to without being asked for one by one, such as heap-20260102T030405.678Z-4711-0.pb.gz:
 * the time in UTC, the process and the thread.
 */

/** The absolute path of a folder that files can be put into. */
export function checkFolder(name: string, path: unknown): string {
  checkText(name, path, isWritableFolder, 'a folder that can be written to');
  return resolve(path);
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What stands around the time in the path of a file. */
export function aroundTime(folder: string, profile: string): { prefix: string; suffix: string } {
  return { prefix: join(folder, `${profile}-`), suffix: `-${process.pid}-${threadId}.pb.gz` };
}

/** The path of a file. */
export function fileNameOf(folder: string, profile: string, time: Date): string {
  // Names of a program's own profiles may have slashes.
  const { prefix, suffix } = aroundTime(folder, profile.replaceAll('/', '_'));
  return `${prefix}${time.toISOString().replace(/[-:]/g, '')}${suffix}`;
}
