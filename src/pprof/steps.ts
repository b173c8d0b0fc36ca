/**
 * Work in steps of about a millisecond or less: whoever runs it can do something else at each `yield`. It is up to the
 * caller how soon to go on, so data that may change must have been copied before the first step. Where something else has to
 * happen first, that is what it yields.
 */
export type Steps<T> = Generator<Wait | undefined, T, void>;

/** What work has to wait for. */
export interface Wait {
  /** Settles when it can go on, and never rejects. */
  until(): Promise<void>;
  /** Does at once what is waited for. */
  now(): void;
}

/** Rows that are worked on in one step, by code that may not have been compiled yet. */
const ROWS = 128;

/** Does all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    value?.now();
  }
}

/** Calls `work` for the rows `from` up to `to` of `count`, some of them in each step. */
export function* inSteps(count: number, work: (from: number, to: number) => void, rows = ROWS): Steps<void> {
  for (let from = 0; from < count; from += rows) {
    work(from, Math.min(count, from + rows));
    yield;
  }
}
