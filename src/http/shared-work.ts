/**
 * Work that several ask for at once is done for all of them together.
 *
 * Nobody gets what was there before they asked: who comes while the work is being done shares the next one, with all others
 * who come until that begins. So of each kind one is under way and at most one is to come, however many ask.
 */
export class SharedWork<T> {
  readonly #lines = new Map<string, Line<T>>();

  /**
   * The result of work that begins now or later, for all who ask for the same `key`: theirs must come to the same. The promise
   * rejects when the signal aborts; the work's own signal does when nobody is left who wants it.
   */
  do(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const line = this.#lines.get(key);
      const flight = line?.next?.isWanted === true ? line.next : new Flight(work);
      flight.join({ resolve, reject }, signal);
      if (line === undefined) void this.#run(key, flight);
      else line.next = flight;
    });
  }

  async #run(key: string, first: Flight<T>): Promise<void> {
    const line: Line<T> = { next: first };
    this.#lines.set(key, line);
    while (line.next?.isWanted === true) {
      const flight = line.next;
      line.next = undefined;
      await flight.run();
    }
    this.#lines.delete(key);
  }
}

interface Line<T> {
  /** What is to come when the one under way is done. */
  next: Flight<T> | undefined;
}

interface Waiter<T> {
  resolve(result: T): void;
  reject(reason: unknown): void;
}

class Flight<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  readonly #waiters = new Set<Waiter<T>>();
  readonly #unwanted = new AbortController();

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  get isWanted(): boolean {
    return this.#waiters.size > 0;
  }

  join(waiter: Waiter<T>, signal: AbortSignal): void {
    this.#waiters.add(waiter);
    const leave = (): void => {
      // Signals also abort when everything is over.
      if (!this.#waiters.delete(waiter)) return;
      waiter.reject(signal.reason);
      if (!this.isWanted) this.#unwanted.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      const result = await this.#work(this.#unwanted.signal);
      for (const { resolve } of this.#waiters) resolve(result);
    } catch (error) {
      for (const { reject } of this.#waiters) reject(error);
    }
    this.#waiters.clear();
  }
}
