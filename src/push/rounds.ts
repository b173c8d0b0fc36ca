import { lookup } from '../profiles/registry';
import { SinceLast } from '../profiles/since-last';
import type { NamedProfile } from './targets';

/** As the servers' own agents call them. */
const NAMES: Readonly<Record<string, string>> = { heap: 'memory', block: 'block', mutex: 'mutex', goroutine: 'goroutine' };

/** Takes all profiles again and again. */
export class Rounds {
  readonly #wantsDeltas: boolean;
  readonly #intervalMs: number;
  readonly #deliver: (profiles: NamedProfile[]) => void;
  readonly #onError: (error: Error) => void;
  readonly #sinceLast = new SinceLast();
  readonly #never = new AbortController().signal;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isOver = false;

  constructor(wantsDeltas: boolean, seconds: number, deliver: (profiles: NamedProfile[]) => void, onError: (error: Error) => void) {
    this.#wantsDeltas = wantsDeltas;
    this.#intervalMs = seconds * 1000;
    this.#deliver = deliver;
    this.#onError = onError;
    this.#schedule();
  }

  /** After a last round. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#round;
    // Up to date, as there will be no other.
    await this.#take(true);
  }

  #schedule(): void {
    if (this.#isOver) return;
    const next = (): void => {
      this.#round = this.#take(false).finally(() => this.#schedule());
    };
    this.#timer = setTimeout(next, this.#intervalMs * (0.9 + 0.2 * Math.random())).unref();
  }

  async #take(gc: boolean): Promise<void> {
    const kinds = Object.keys(NAMES).filter((kind) => kind === 'heap' || lookup(kind)!.count() > 0);
    const taken = await Promise.allSettled(kinds.map(async (kind) => ({ name: NAMES[kind]!, bytes: await this.#bytesOf(kind, gc && kind === 'heap') })));
    for (const one of taken) if (one.status === 'rejected') this.#onError(one.reason as Error);
    const profiles = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (profiles.length > 0) this.#deliver(profiles);
  }

  #bytesOf(kind: string, gc: boolean): Promise<Uint8Array> {
    // What is pending has no past.
    if (!this.#wantsDeltas || kind === 'goroutine') return lookup(kind)!.toBuffer({ gc, limited: true });
    return this.#sinceLast.tell(kind, { gc, keep: false, full: false, signal: this.#never });
  }
}
