import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('go-encoder/main.go', import.meta.url));
/** Where Debian keeps the sources of the Go packages it ships, github.com/google/pprof among them. */
const env = { ...process.env, GOPATH: process.env.GOPATH ?? '/usr/share/gocode', GO111MODULE: 'off', GOFLAGS: '' };

/** Builds Go's encoder as this file; false where there is no Go, or not its package. */
export async function buildGoEncoder(program) {
  try {
    await run('go', ['build', '-o', program, SOURCE], { env });
    return true;
  } catch {
    return false;
  }
}

/** CPU time of writing that profile, in milliseconds, on average over so many times. */
export async function runGoEncoder(program, file, times) {
  return Number((await run(program, [file, String(times)])).stdout);
}
