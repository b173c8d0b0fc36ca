import { parentPort } from 'node:worker_threads';
import { mapScript, type MappedScript, type Place } from './source-map';

/* The thread that reads source maps; see src/sources/reader-thread.ts. */

/** What it is asked. */
export interface Question {
  path: string;
  places: Place[];
}

parentPort!.on('message', ({ path, places }: Question) => {
  parentPort!.postMessage({ path, ...mapScript(path, places) } satisfies Answer);
});

/** What it answers, to each question in turn. */
export interface Answer extends MappedScript {
  path: string;
}
