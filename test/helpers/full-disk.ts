import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FullDiskExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs Node.js where every write to a file in `folder` fails, as on a disk without room: see test/native/full-disk.cc. */
export async function runOnFullDisk(folder: string, args: string[]): Promise<FullDiskExit> {
  const directory = await mkdtemp(join(tmpdir(), 'mprof-full-'));
  try {
    const library = join(directory, 'full-disk.so');
    await run(process.env.CXX ?? 'c++', ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', 'test/native/full-disk.cc', '-o', library, '-ldl']);
    const env = { ...process.env, NODE_OPTIONS: '', LD_PRELOAD: library, MPROF_TEST_FULL: await realpath(folder) };
    return await new Promise((resolve) => {
      const child = execFile('sh', ['-c', 'ulimit -c 0; exec env -u NODE_OPTIONS "$@"', 'sh', process.execPath, ...args], { env }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
      });
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
