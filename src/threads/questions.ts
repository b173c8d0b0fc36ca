import { clearTimeout, setTimeout } from 'node:timers';
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { native, VERSION } from '../binding';
import { codedError, isCodedError, type CodedError, type ErrorCode } from '../errors';
import { threadState } from './thread-state';

/*
 * What a thread alone can tell of itself others have to ask it. It answers when it turns to its event loop. Each thread
 * listens on a channel of its own, so that a question disturbs nobody else, and on one that all have in common.
 */

const PATIENCE_MS = 1000;

interface Question {
  from: number;
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
  own?: BroadcastChannel;
  common?: BroadcastChannel;
  /** By topic. */
  readonly answers: Map<string, (argument: unknown) => unknown>;
  /** Those of this thread that have not been answered, by their numbers. */
  readonly waiting: Map<number, (answer: Answer) => void>;
  last: number;
}

const state = threadState('questions', (): Questions => ({ answers: new Map(), waiting: new Map(), last: 0 }));

/** Answers questions of other threads from now on. The answer, or what it resolves to, must be something that can be cloned. */
export function answerQuestions(topic: string, answer: (argument: unknown) => unknown): void {
  state.answers.set(topic, answer);
  native.noteAnswers();
  listen();
}

/**
 * Asks another thread.
 *
 * @throws Error `ERR_MPROF_THREAD_BUSY` when it does not answer within a second; what it throws itself
 */
export async function ask(to: number, topic: string, argument: unknown): Promise<unknown> {
  listen();
  const id = ++state.last;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const busy = `thread ${to} has not answered within a second: it is busy, or not profiled together with this one`;
      timer = setTimeout(() => reject(codedError('ERR_MPROF_THREAD_BUSY', busy)), PATIENCE_MS);
      state.waiting.set(id, ({ answer, error }) => {
        if (error === undefined) resolve(answer);
        else reject(codedError(error.code, error.message));
      });
      send(to, { from: threadId, id, topic, argument });
    });
  } finally {
    clearTimeout(timer);
    state.waiting.delete(id);
  }
}

/** Tells all other threads something, if they want to know. */
export function tellAll(topic: string): void {
  listen();
  state.common!.postMessage({ from: threadId, id: 0, topic, argument: undefined } satisfies Question);
}

const COMMON = `mprof ${VERSION} questions`;

function nameOf(thread: number): string {
  return `${COMMON} to ${thread}`;
}

function send(to: number, message: Question | Answer): void {
  const channel = new BroadcastChannel(nameOf(to));
  channel.postMessage(message);
  channel.close();
}

function listen(): void {
  state.own ??= channelOf(nameOf(threadId));
  state.common ??= channelOf(COMMON);
}

function channelOf(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channel.unref();
  channel.onmessage = (event) => onMessage((event as { data: Question | Answer }).data);
  return channel;
}

function onMessage(message: Question | Answer): void {
  if ('topic' in message) void reply(message);
  else state.waiting.get(message.id)?.(message);
}

async function reply({ from, id, topic, argument }: Question): Promise<void> {
  const answer = state.answers.get(topic);
  if (answer === undefined) return;
  try {
    if (id === 0) return void answer(argument);
    send(from, { id, answer: await answer(argument) });
  } catch (error) {
    if (id === 0) return;
    const code: ErrorCode = isCodedError(error) ? error.code : 'ERR_MPROF_THREAD_BUSY';
    send(from, { id, error: { code, message: error instanceof Error ? error.message : String(error) } });
  }
}
