import { native } from '../binding';
import { ShownStacks } from './shown-stacks';

/** Which stacks the profiles for collectors show: those of all threads together, and those of each one alone. */
export class ShownByThread {
  readonly #all = new ShownStacks();
  readonly #threads = new Map<number, ShownStacks>();

  /** Those of a thread, by its number, or of all. What was shown of threads that have ended is forgotten: no number is used twice. */
  of(thread: number | undefined): ShownStacks {
    if (thread === undefined) return this.#all;
    const alive = new Set(native.listThreads());
    for (const known of this.#threads.keys()) if (!alive.has(known)) this.#threads.delete(known);
    const shown = this.#threads.get(thread) ?? new ShownStacks();
    this.#threads.set(thread, shown);
    return shown;
  }
}
