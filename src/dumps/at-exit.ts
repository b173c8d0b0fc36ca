import { lookup } from '../profiles/registry';
import { writeWholeSync } from '../profiles/whole-file';
import { checkFolder, fileNameOf } from './file-names';

/** Signals that end a process which does not listen to them, and which people and managers of processes end one with. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Writes heap, up to date by a garbage collection, and, where there is something in them, block and mutex to files in a folder
 * when the process ends: by itself, by process.exit(), by an exception, or by a signal of ENDING, which then ends it as it would
 * have. Where the program listens to such a signal, they are written when it comes, and once more, in the same files, when the
 * process ends. A signal waits for the event loop, as it does for every listener. Not when the process is killed, aborts, or runs
 * out of memory.
 */
export function writeProfilesAtExit(folder: string): void {
  const path = checkFolder('path', folder);
  // By then there may be no file to be opened any more.
  require('../pprof/wire');
  let began: Date | undefined;
  const write = (): void => {
    began ??= new Date();
    for (const name of ['heap', ...['block', 'mutex'].filter((name) => lookup(name)!.count() > 0)]) {
      try {
        writeWholeSync(fileNameOf(path, name, began), lookup(name)!.toBufferSync({ gc: name === 'heap' }));
      } catch (error) {
        // Nothing that is emitted now would be seen.
        process.stderr.write(`mprof: the ${name} profile could not be written: ${(error as Error).message}\n`);
      }
    }
  };
  process.on('exit', write);
  for (const signal of ENDING) {
    // First of all listeners, and gone before the next one: some look whether they are the last one, and end the process then.
    // Not before the files are written: the signal, sent once more, would end the process meanwhile.
    const listener = (): void => {
      write();
      process.removeListener(signal, listener);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.prependListener(signal, listener);
  }
}
