/** Milliseconds between two warnings, so that nobody fills a log by asking. */
const INTERVAL = 1000;

let next = 0;
let silenced = 0;

/** Reports a failure as a process warning. Those that follow within a second are only counted in the next one. */
export function report(error: Error): void {
  if (Date.now() < next) {
    silenced++;
    return;
  }
  next = Date.now() + INTERVAL;
  const message = silenced === 0 ? undefined : `${error.message} (and ${silenced} more failures before)`;
  silenced = 0;
  process.emitWarning(message === undefined ? error : new Error(message, { cause: error }));
}
