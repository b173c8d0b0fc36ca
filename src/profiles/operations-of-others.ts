import { answerQuestions, ask } from '../threads/questions';
import type { Operations } from './operations';

/* What is under way in other threads. */

const TOPIC = 'operations';

/** What is under way in another thread. Throws as ask() does, and what takeOperations() throws there. */
export async function askForOperations(thread: number, options: { full: boolean }): Promise<Operations> {
  return (await ask(thread, TOPIC, options)) as Operations;
}

/** Tells other threads what is under way in this one. */
export function answerAboutOperations(): void {
  answerQuestions(TOPIC, async (options) => {
    const { takeOperations } = await import('./operations.js');
    const { operations, comment } = takeOperations(options as { full: boolean });
    // By what an operation is known here says nothing there.
    return { operations: operations.map((operation) => ({ ...operation, identity: undefined })), comment };
  });
}
