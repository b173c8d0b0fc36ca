import { HttpError } from './responses';

/** Bounds how many requests of one kind are worked on at once, and with them the memory their profiles take. */
export class Limit {
  #running = 0;

  constructor(private readonly max: number) {}

  /** Takes a place until the exchange is over. Throws the error for a busy server, or the signal's reason if it is over. */
  enter(over: AbortSignal): void {
    over.throwIfAborted();
    if (this.#running >= this.max) throw new HttpError(503, `more than ${this.max} profile requests at once`);
    this.#running++;
    over.addEventListener('abort', () => this.#running--, { once: true });
  }
}
