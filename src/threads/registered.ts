/* What mprof/register does: see src/register.ts. */

import type { AddressInfo } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { answerAboutLabels } from '../cpu/label-windows';
import { writeProfilesAtExit } from '../dumps/at-exit';
import { dumpNearHeapLimit } from '../dumps/near-heap-limit';
import { writeProfilesOnSignal } from '../dumps/on-signal';
import { answerAboutOperations } from '../profiles/operations-of-others';
import { setMemProfileRate } from '../runtime';
import { start } from '../start';
import type { StartOptions } from '../start-options';
import { setBlockProfileRate, setMutexProfileFraction } from '../waits/rates';
import { shareSettings } from './sharing';
import { threadState } from './thread-state';
import { hideFlags } from './worker-constructor';

function fromEnvironment(name: string, set: (value: number) => unknown): void {
  const text = process.env[name];
  if (text === undefined || text === '') return;
  if (!/^-?[0-9]+$/.test(text)) throw new RangeError(`${name} must be an integer, got ${JSON.stringify(text.slice(0, 40))}`);
  set(Number(text));
}

/** How profiles are to show files. */
function sourceOptions(): StartOptions {
  const { MPROF_SOURCE_MAPS: maps = '', MPROF_TRIM_PATH: trimPath = '' } = process.env;
  if (!/^[01]?$/.test(maps)) throw new RangeError(`MPROF_SOURCE_MAPS must be 0 or 1, got ${JSON.stringify(maps.slice(0, 40))}`);
  return { sourceMaps: maps === '1', ...(trimPath !== '' && { trimPath }) };
}

async function serve(address: string): Promise<void> {
  const { listen } = await import('../http/index.js');
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?([0-9]+)$/.exec(address) ?? [];
  const path = address.replaceAll('%p', String(process.pid));
  const server = await listen(port === undefined ? { path } : { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) });
  if (Number(port) !== 0) return;
  const { address: name, port: chosen } = server.address() as AddressInfo;
  // Nobody could know otherwise.
  process.stderr.write(`mprof: profiles of process ${process.pid} at http://${name.includes(':') ? `[${name}]` : name}:${chosen}/debug/pprof/\n`);
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** What mprof/register does, once in a thread. */
function register(): void {
  const state = threadState('register', (): { done?: boolean } => ({}));
  if (state.done === true) return;
  state.done = true;
  hideFlags();
  // A worker does as the thread that has started it.
  if (isMainThread) {
    try {
      fromEnvironment('MPROF_MEM_PROFILE_RATE', setMemProfileRate);
      fromEnvironment('MPROF_BLOCK_PROFILE_RATE', setBlockProfileRate);
      fromEnvironment('MPROF_MUTEX_PROFILE_FRACTION', setMutexProfileFraction);
      start(sourceOptions());
    } catch (error) {
      warn(error);
    }
  }
  shareSettings();
  answerAboutOperations();
  answerAboutLabels();
  const { MPROF_ADDR: address = '', MPROF_DUMP_DIR: path = '', MPROF_EXIT_DIR: exitPath = '' } = process.env;
  if (path !== '') {
    try {
      // Each thread has a limit of its own, and the main thread has the signals.
      dumpNearHeapLimit({ path });
      if (isMainThread) writeProfilesOnSignal({ path });
    } catch (error) {
      warn(error);
    }
  }
  if (isMainThread && exitPath !== '') {
    try {
      writeProfilesAtExit(exitPath);
    } catch (error) {
      warn(error);
    }
  }
  if (isMainThread && address !== '') serve(address).catch(warn);
}

register();
