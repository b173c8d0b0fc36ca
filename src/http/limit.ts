import { HttpError } from './responses';

/** Bounds how many requests of one kind are worked on at once, and with them the memory their profiles take. */
export class Limit {
  #running = 0;

  constructor(private readonly max: number) {}

  /** Runs the task, or throws the error for a busy server. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.max) throw new HttpError(503, `more than ${this.max} profile requests at once`);
    this.#running++;
    try {
      return await task();
    } finally {
      this.#running--;
    }
  }
}
