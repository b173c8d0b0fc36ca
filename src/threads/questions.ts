import { clearTimeout, setTimeout } from 'node:timers';
import { deserialize, serialize } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { native } from '../binding';
import { codedError, isCodedError, type CodedError, type ErrorCode } from '../errors';
import { threadState } from './thread-state';

/*
 * What a thread alone can tell of itself others have to ask it. It answers when it turns to its event loop.
 */

const PATIENCE_MS = 1000;

interface Question {
  from: number;
  /** 0 where no answer is wanted. */
  id: number;
  topic: string;
  argument: unknown;
}

interface Answer {
  id: number;
  answer?: unknown;
  error?: Pick<CodedError, 'code' | 'message'>;
}

interface Questions {
  isListening: boolean;
  /** Called after messages have come. */
  afterMail?: () => void;
  /** By topic. */
  readonly answers: Map<string, (argument: unknown) => unknown>;
  /** Those of this thread that have not been answered, by their numbers. */
  readonly waiting: Map<number, (answer: Answer) => void>;
  last: number;
}

const state = threadState('questions', (): Questions => ({ isListening: false, answers: new Map(), waiting: new Map(), last: 0 }));

/** Answers questions of other threads from now on. The answer, or what it resolves to, must be something that can be cloned. */
export function answerQuestions(topic: string, answer: (argument: unknown) => unknown): void {
  state.answers.set(topic, answer);
  listen();
}

/** Has `next` called after messages have come, whatever they say: one that is to be told something may have no room for that. */
export function afterMail(next: () => void): void {
  state.afterMail = next;
  listen();
}

/** How long to wait for an answer. */
export interface AskOptions {
  /** Whether that keeps the process alive. Default true. */
  ref?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Asks another thread.
 *
 * @throws Error `ERR_MPROF_THREAD_BUSY` when it does not answer within a second; what it throws itself; the signal's reason
 */
export async function ask(to: number, topic: string, argument: unknown, { ref = true, signal }: AskOptions = {}): Promise<unknown> {
  signal?.throwIfAborted();
  listen();
  const id = ++state.last;
  const busy = codedError('ERR_MPROF_THREAD_BUSY', `thread ${to} has not answered within a second: it is busy, or not profiled together with this one`);
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(busy), PATIENCE_MS);
      if (!ref) timer.unref();
      abort = () => reject(signal!.reason);
      signal?.addEventListener('abort', abort, { once: true });
      state.waiting.set(id, ({ answer, error }) => {
        if (error === undefined) resolve(answer);
        else reject(codedError(error.code, error.message));
      });
      if (!send(to, { from: threadId, id, topic, argument })) reject(busy);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort!);
    state.waiting.delete(id);
  }
}

/** Tells all other threads something, if they want to know. */
export function tellAll(topic: string, argument?: unknown): void {
  const others = native.listMailboxes().filter((thread) => thread !== threadId);
  if (others.length === 0) return;
  const bytes = serialize({ from: threadId, id: 0, topic, argument } satisfies Question);
  for (const thread of others) native.post(thread, bytes);
}

function send(to: number, message: Question | Answer): boolean {
  return native.post(to, serialize(message));
}

function listen(): void {
  if (state.isListening) return;
  state.isListening = true;
  native.openMailbox(() => {
    for (const bytes of native.takeMail()) onMessage(deserialize(bytes) as Question | Answer);
    state.afterMail?.();
  });
}

function onMessage(message: Question | Answer): void {
  if ('topic' in message) void reply(message);
  else state.waiting.get(message.id)?.(message);
}

async function reply({ from, id, topic, argument }: Question): Promise<void> {
  const answer = state.answers.get(topic);
  if (answer === undefined && id === 0) return;
  try {
    if (answer === undefined) throw codedError('ERR_MPROF_THREAD_BUSY', `thread ${threadId} is not profiled together with thread ${from}`);
    const answered = await answer(argument);
    if (id !== 0) send(from, { id, answer: answered });
  } catch (error) {
    if (id === 0) return;
    const code: ErrorCode = isCodedError(error) ? error.code : 'ERR_MPROF_THREAD_BUSY';
    send(from, { id, error: { code, message: error instanceof Error ? error.message : String(error) } });
  }
}
