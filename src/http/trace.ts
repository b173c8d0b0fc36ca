import { HttpError, type Answer } from './responses';

/** An execution trace is a recording by Go's scheduler, in a format of its own. */
export function serveTrace(): Answer {
  throw new HttpError(
    501,
    'Node.js has no execution traces as Go has them: use profile for CPU time, block for waits, or node --trace-event-categories',
  );
}
