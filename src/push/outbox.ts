import { setTimeout as sleep } from 'node:timers/promises';
import { post, PushError, type Destination } from './post';
import type { Message } from './targets';

/** Most that waits to be sent; then the oldest goes. */
const MAX_BYTES = 16 * 2 ** 20;
/** Before the second attempt on average half of that, then of twice as much, and so on. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** As many take five minutes on average; what is wrong then may be the message, and others wait behind it. */
const ATTEMPTS = 15;

/** What has become of messages. */
export interface OutboxCounters {
  /** Taken by the server. */
  sent: number;
  /** Attempts that failed and were made again, or will be. */
  retries: number;
  /** Refused by the server, or given up as too much was waiting. */
  dropped: number;
  /** Waiting now, with the one that is being sent. */
  waiting: number;
  /** Without that one; at most 16 MiB. */
  waitingBytes: number;
}

/** Sends messages one after another, the oldest first, each until the server takes it or refuses it for good. */
export class Outbox {
  readonly #waiting: Message[] = [];
  readonly #destination: Destination;
  readonly #onError: (error: Error) => void;
  readonly #over = new AbortController();
  #bytes = 0;
  #sent = 0;
  #retries = 0;
  #dropped = 0;
  #work: Promise<void> | undefined;
  /** Ends the pause that is under way. */
  #hurry = new AbortController();
  #isSending = false;
  #isLast = false;

  constructor(destination: Destination, onError: (error: Error) => void) {
    this.#destination = destination;
    this.#onError = onError;
  }

  add(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#waiting.push(message);
      this.#bytes += message.body.length;
    }
    let dropped = 0;
    for (; this.#bytes > MAX_BYTES; dropped++) this.#next();
    this.#drop(dropped, `more than ${MAX_BYTES} bytes wait to be sent`);
    if (this.#waiting.length > 0) this.#work ??= this.#send();
  }

  /** Sends what is waiting within that time, with one attempt each, and keeps the process alive for it. What is left then is dropped. */
  async finish(withinMs: number): Promise<void> {
    this.#isLast = true;
    this.#hurry.abort();
    const limit = setTimeout(() => this.#over.abort(), withinMs);
    await this.#work;
    clearTimeout(limit);
  }

  counters(): OutboxCounters {
    return { sent: this.#sent, retries: this.#retries, dropped: this.#dropped, waiting: this.#waiting.length + Number(this.#isSending), waitingBytes: this.#bytes };
  }

  async #send(): Promise<void> {
    for (let message = this.#next(); message !== undefined; message = this.#next()) {
      this.#isSending = true;
      await this.#deliver(message);
      this.#isSending = false;
    }
    this.#work = undefined;
  }

  async #deliver(message: Message): Promise<void> {
    for (let [attempt, pause] = [1, FIRST_PAUSE_MS]; ; attempt++, pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
      try {
        await post(this.#destination, message, { ref: this.#isLast, signal: this.#over.signal });
        this.#sent++;
        return;
      } catch (error) {
        const { message: reason } = error as Error;
        if (!(error instanceof PushError) || error.isFinal || this.#isLast || attempt === ATTEMPTS) return this.#drop(1, reason);
        this.#retries++;
        if (attempt === 1) this.#onError(error);
        await this.#wait(Math.random() * pause);
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    if (this.#isLast) return;
    this.#hurry = new AbortController();
    await sleep(ms, undefined, { ref: false, signal: this.#hurry.signal }).catch(() => {});
  }

  #next(): Message | undefined {
    const message = this.#waiting.shift();
    this.#bytes -= message?.body.length ?? 0;
    return message;
  }

  #drop(count: number, reason: string): void {
    if (count === 0) return;
    this.#dropped += count;
    this.#onError(new Error(`${count} profile message${count === 1 ? ' was' : 's were'} dropped: ${reason}`));
  }
}
