import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNew } from '../profiles/whole-file';
import { askingOptions, type Values } from './options';
import { CommandError, UsageError } from './outcome';
import { fetchProfile } from './source';

const NAMES = ['heap', 'block', 'mutex', 'goroutine'];

interface Where {
  dir: string | undefined;
  names: readonly string[] | undefined;
  /** What has been given for the options in ASKING. */
  asking: Values;
}

/** Writes what a service answers to files, and returns their paths. */
export async function dumpUrl(url: URL, { dir = '.', names = NAMES, asking }: Where): Promise<string[]> {
  const bad = names.find((name) => !/^[\w.-]+$/.test(name));
  if (bad !== undefined) throw new UsageError(`--profile must be the name of a profile, got "${bad}"`);
  const options = askingOptions(asking);
  const folder = url.pathname === '/' ? '/debug/pprof' : url.pathname.replace(/\/$/, '');
  const time = new Date().toISOString().replace(/[-:]/g, '');
  return Promise.all(
    names.map(async (name) => {
      const address = new URL(url);
      address.pathname = `${folder}/${name}`;
      const bytes = await fetchProfile(address, options);
      const file = join(dir, `${name}-${time}-${url.host.replace(/[^\w.-]/g, '_')}.pb.gz`);
      try {
        await mkdir(dir, { recursive: true });
        await writeNew(file, bytes);
      } catch (error) {
        throw new CommandError((error as Error).message);
      }
      return file;
    }),
  );
}
