/** A command could not be carried out, for the reason that the message tells the user. */
export class CommandError extends Error {}

/** It was not called as its help says. */
export class UsageError extends CommandError {}

/** What a command prints, and its exit code. */
export interface Outcome {
  code: number;
  out?: string;
  error?: string;
}
