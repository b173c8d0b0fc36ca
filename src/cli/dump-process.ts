import { readdir, readFile, readlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from './outcome';

/** A program writes within that time, unless its event loop is blocked. */
const PATIENCE_MS = 30_000;
/** Files appear one after another; when none has for so long, it was the last one. */
const QUIET_MS = 1000;

/**
 * Has a process write its profiles, and returns the paths.
 *
 * @throws CommandError where it does not listen to the signal, which would end it, or writes nothing
 */
export async function dumpProcess(pid: number, dir: string | undefined): Promise<string[]> {
  if (process.platform !== 'linux') throw new CommandError('whether a process listens to SIGUSR2 is known on Linux only: use a URL');
  if (!(await listensTo(pid, constants.signals.SIGUSR2))) {
    throw new CommandError(`process ${pid} does not listen to SIGUSR2, which would end it: MPROF_DUMP_DIR or writeProfilesOnSignal() makes it listen`);
  }
  const folder = dir === undefined ? await folderOf(pid) : resolve(dir);
  const before = new Set(await filesOf(pid, folder));
  try {
    process.kill(pid, 'SIGUSR2');
  } catch (error) {
    throw new CommandError(`process ${pid}: ${(error as Error).message}`);
  }
  const files = await newFiles(pid, folder, before);
  if (files.length === 0) throw new CommandError(`process ${pid} has written nothing to ${folder} within ${PATIENCE_MS / 1000} s; --dir names another folder`);
  return files;
}

async function listensTo(pid: number, signal: number): Promise<boolean> {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await about(pid, 'status'))?.[1] ?? '0';
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** As the environment of its start says. */
async function folderOf(pid: number): Promise<string> {
  const variable = (await about(pid, 'environ')).split('\0').find((entry) => entry.startsWith('MPROF_DUMP_DIR='));
  return resolve(await readlink(`/proc/${pid}/cwd`), variable?.slice(variable.indexOf('=') + 1) ?? '.');
}

async function about(pid: number, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    throw new CommandError(`process ${pid}: ${(error as Error).message}`);
  }
}

async function filesOf(pid: number, folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(`-${pid}-0.pb.gz`)).map((name) => join(folder, name));
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}

async function newFiles(pid: number, folder: string, before: ReadonlySet<string>): Promise<string[]> {
  const began = Date.now();
  let found: string[] = [];
  let changed = began;
  while (found.length === 0 ? Date.now() - began < PATIENCE_MS : Date.now() - changed < QUIET_MS) {
    await sleep(50);
    const files = (await filesOf(pid, folder)).filter((file) => !before.has(file));
    if (files.length !== found.length) changed = Date.now();
    found = files;
  }
  return found.sort();
}
