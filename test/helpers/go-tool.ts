import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SOURCE = resolve('test/go/check');
const CACHE = resolve('node_modules/.cache/mprof');

/** Where Debian keeps the sources of the Go packages it ships, github.com/google/pprof among them. */
const GOPATH = process.env.GOPATH ?? '/usr/share/gocode';

const env = { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '' };

/**
 * The options of a test that needs the Go tool and its profile package: `t.test(name, needsGo(), ...)`. Without them it
 * is skipped, but in CI nothing is: there it fails.
 */
export function needsGo(): { skip?: string } {
  if (process.env.CI) return {};
  const { status } = spawnSync('go', ['list', 'github.com/google/pprof/profile'], { env });
  if (status === 0) return {};
  return { skip: 'needs Go and github.com/google/pprof (in Debian golang-go and golang-github-google-pprof-dev)' };
}

export interface GoValueType {
  type: string;
  unit: string;
}

/** What test/go/check prints for a profile. */
export interface GoSummary {
  sampleTypes: GoValueType[] | null;
  defaultSampleType: string;
  periodType: GoValueType | null;
  period: number;
  /** A decimal number, as is durationNanos. */
  timeNanos: string;
  durationNanos: string;
  comments: string[] | null;
  /** File name of each mapping. */
  files: string[] | null;
  samples: number;
  locations: number;
  functions: number;
  mappings: number;
  /** The sum of each column, of all samples and by the leaf function's name and the label `bytes`. */
  totals: number[];
  flat: Record<string, number[]>;
  bytes: Record<string, number[]>;
}

/** Parses, checks and merges profiles with Go's own code. Rejects with what it objects to. */
export async function goCheck(
  ...profiles: (Uint8Array | string)[]
): Promise<{ profiles: GoSummary[]; merged: GoSummary }> {
  const check = await build();
  return withFiles(profiles, async (files) => {
    const { stdout } = await run(check, files, { maxBuffer: 2 ** 28 });
    return JSON.parse(stdout);
  });
}

/**
 * Runs `go tool pprof` with these arguments and the profiles behind them, such as `goPprof(['-top'], bytes)`. Rejects
 * unless it exits with 0.
 */
export async function goPprof(
  args: readonly string[],
  ...profiles: (Uint8Array | string)[]
): Promise<{ stdout: string; stderr: string }> {
  return withFiles(profiles, (files, directory) =>
    run('go', ['tool', 'pprof', ...args, ...files], {
      // Profiles that it fetches over HTTP are saved there; nothing of the user's settings applies.
      env: { ...env, PPROF_TMPDIR: directory, XDG_CONFIG_HOME: directory },
      maxBuffer: 2 ** 28,
    }),
  );
}

/** Calls `use` with a file for each of the profiles that is not a file or URL already. */
async function withFiles<T>(
  profiles: readonly (Uint8Array | string)[],
  use: (files: string[], directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'mprof-go-'));
  try {
    const files = await Promise.all(
      profiles.map(async (profile, i) => {
        if (typeof profile === 'string') return profile;
        const file = join(directory, `${i}.pb`);
        await writeFile(file, profile);
        return file;
      }),
    );
    return await use(files, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Builds test/go/check, once for each state of its source. Several test files may do so at the same time: each builds
 * its own, and renaming puts one in place as a whole.
 */
async function build(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(SOURCE, 'main.go'))).digest('hex');
  const program = join(CACHE, `check-${hash.slice(0, 16)}`);
  if (existsSync(program)) return program;
  await mkdir(CACHE, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  await run('go', ['build', '-o', unfinished, '.'], { cwd: SOURCE, env });
  await rename(unfinished, program);
  return program;
}
