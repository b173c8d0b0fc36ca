import { native } from '../binding';

/** What to do about calls of a function; see native/wrap_call.h. */
export interface CallObserver<Call extends object> {
  before(...args: unknown[]): Call | undefined;
  after(call: Call, result: unknown): void;
}

/**
 * A function of an object everybody has, replaced for as long as it is to be observed: by one of the addon's, which is on
 * no stack.
 */
export class ReplacedFunction<Call extends object> {
  #isObserved = false;
  /** The original, while ours is in place, or behind that of somebody who has replaced it again and may call it. */
  #original: PropertyDescriptor | undefined;
  #replacement: unknown;

  constructor(
    private readonly holder: object,
    private readonly name: string,
    private readonly observer: CallObserver<Call>,
  ) {}

  /** Does nothing where there is no such function. */
  install(): void {
    this.#isObserved = true;
    if (this.#original !== undefined) return;
    const original = Object.getOwnPropertyDescriptor(this.holder, this.name);
    if (typeof original?.value !== 'function' || original.configurable !== true) return;
    const { before, after } = this.observer;
    const replacement = native.wrapCall((...args) => (this.#isObserved ? before(...args) : undefined), original.value, after);
    Object.defineProperty(replacement, 'length', Object.getOwnPropertyDescriptor(original.value, 'length')!);
    Object.defineProperty(this.holder, this.name, { ...original, value: replacement });
    this.#original = original;
    this.#replacement = replacement;
  }

  remove(): void {
    this.#isObserved = false;
    if (this.#original === undefined) return;
    if (Object.getOwnPropertyDescriptor(this.holder, this.name)?.value !== this.#replacement) return;
    Object.defineProperty(this.holder, this.name, this.#original);
    this.#original = undefined;
  }
}
