import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Where the native part may be. A binary fits one ABI of Node.js, one system, one processor architecture and, on Linux,
 * one C library; .ci/prebuild makes those that come with the package.
 */

const ROOT = join(__dirname, '..');

/** Paths to try, in this order: what was built here, and what came with the package. */
export function binaryPaths(): string[] {
  return [join(ROOT, 'build', 'Release', 'mprof.node'), prebuiltPath()];
}

export function prebuiltPath(): string {
  return join(ROOT, 'prebuilds', prebuiltName());
}

/** File name of the prebuilt binary for this Node.js, such as `mprof-linux-glibc-x64-abi115.node`. */
export function prebuiltName(): string {
  const { platform, arch, versions } = process;
  const system = platform === 'linux' ? `linux-${libraryOf('/proc/self/exe')}` : platform;
  return `mprof-${system}-${arch}-abi${versions.modules}.node`;
}

/** Linkers put the path of the dynamic loader, which is named after its C library, within the first bytes of a program. */
const HEAD_BYTES = 4096;

function libraryOf(program: string): 'glibc' | 'musl' {
  try {
    const file = openSync(program, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, readSync(file, head)).includes('/ld-musl-') ? 'musl' : 'glibc';
    } finally {
      closeSync(file);
    }
  } catch {
    return 'glibc';
  }
}
