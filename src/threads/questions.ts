import { clearTimeout, setTimeout } from 'node:timers';
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { VERSION } from '../binding';
import { codedError, isCodedError, type CodedError, type ErrorCode } from '../errors';
import { threadState } from './thread-state';

/*
 * What a thread alone can tell of itself others have to ask it. It answers when it turns to its event loop.
 */

const NAME = `mprof ${VERSION} questions`;
const PATIENCE_MS = 1000;

interface Question {
  to: number;
  from: number;
  id: number;
  full: boolean;
}

interface Answer {
  to: number;
  id: number;
  answer?: unknown;
  error?: Pick<CodedError, 'code' | 'message'>;
}

interface Questions {
  channel?: BroadcastChannel;
  answer?: (full: boolean) => Promise<unknown>;
  /** Those of this thread that have not been answered, by their numbers. */
  readonly waiting: Map<number, (answer: Answer) => void>;
  last: number;
}

const state = threadState('questions', (): Questions => ({ waiting: new Map(), last: 0 }));

/** Answers questions of other threads from now on. The answer must be something that can be cloned. */
export function answerQuestions(answer: (full: boolean) => Promise<unknown>): void {
  state.answer = answer;
  openChannel();
}

/**
 * Asks another thread.
 *
 * @throws Error `ERR_MPROF_THREAD_BUSY` when it does not answer within a second; what it throws itself
 */
export async function ask(to: number, { full }: { full: boolean }): Promise<unknown> {
  const channel = openChannel();
  const id = ++state.last;
  let timer: NodeJS.Timeout | undefined;
  const question: Question = { to, from: threadId, id, full };
  try {
    return await new Promise((resolve, reject) => {
      const busy = `thread ${to} has not answered within a second: it is busy, or not profiled together with this one`;
      timer = setTimeout(() => reject(codedError('ERR_MPROF_THREAD_BUSY', busy)), PATIENCE_MS);
      state.waiting.set(id, ({ answer, error }) => {
        if (error === undefined) resolve(answer);
        else reject(codedError(error.code, error.message));
      });
      channel.postMessage(question);
    });
  } finally {
    clearTimeout(timer);
    state.waiting.delete(id);
  }
}

function openChannel(): BroadcastChannel {
  if (state.channel !== undefined) return state.channel;
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  channel.onmessage = (event) => onMessage((event as { data: Question | Answer }).data);
  state.channel = channel;
  return channel;
}

function onMessage(message: Question | Answer): void {
  if (message.to !== threadId) return;
  if ('from' in message) void reply(message);
  else state.waiting.get(message.id)?.(message);
}

async function reply({ from, id, full }: Question): Promise<void> {
  if (state.answer === undefined) return;
  const send = (answer: Omit<Answer, 'to' | 'id'>): void => state.channel?.postMessage({ to: from, id, ...answer });
  try {
    send({ answer: await state.answer(full) });
  } catch (error) {
    const code: ErrorCode = isCodedError(error) ? error.code : 'ERR_MPROF_THREAD_BUSY';
    send({ error: { code, message: error instanceof Error ? error.message : String(error) } });
  }
}
