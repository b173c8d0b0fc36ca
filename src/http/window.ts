import type { PprofRequest } from './exchange';

/**
 * Does what takes so many seconds before anything is sent: one of a limited number at once, for as long as the client
 * waits, and without being cut off by a server's timeout for silent connections. Work that ends early because the signal
 * has aborted may reject with anything.
 */
export async function duringWindow<T>(
  { exchange, settings }: PprofRequest,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  settings.windows.enter(exchange.over);
  const restore = exchange.staySilent(seconds);
  try {
    return await work(exchange.over);
  } finally {
    restore();
  }
}
