import { random } from './chance';

/** Between which values an effective rate has been. */
export interface RateRange {
  lowest: number;
  highest: number;
}

/**
 * A rate that keeps the number of captures per second near a target: each capture raises it by a twentieth, time
 * lowers it, and it never falls below what the user has set.
 *
 * The rate in force is fixed before an event's outcome is known, so weighting each event with the rate it met keeps
 * every sum unbiased however the rate moves. Raising it by event and not by time window bounds bursts too.
 */
export class EffectiveRate {
  #value = 0;
  #lowest = 0;
  #highest = 0;
  #floor = 0;
  #decayPerMs = 0;
  #changedAt = 0;

  /**
   * Begins anew.
   *
   * @param floor what the user has set
   * @param start where to begin, if that is more
   * @param perSecond events per second to aim at; 0 for no bound, which keeps the rate at the floor
   * @param now in milliseconds
   */
  set(floor: number, start: number, perSecond: number, now: number): void {
    this.#floor = floor;
    this.#decayPerMs = (perSecond / 1000) * Math.log(STEP);
    this.#changedAt = now;
    this.#value = perSecond === 0 ? floor : Math.max(floor, start);
    this.#lowest = this.#value;
    this.#highest = this.#value;
  }

  /** Between which values it has been since it was set. */
  get range(): RateRange {
    return { lowest: this.#lowest, highest: this.#highest };
  }

  /** The rate for an event of now. */
  at(now: number): number {
    if (now - this.#changedAt < STALE_MS) return this.#value;
    if (this.#value > this.#floor) {
      this.#value = Math.max(this.#floor, this.#value * Math.exp((this.#changedAt - now) * this.#decayPerMs));
      if (this.#value < this.#lowest) this.#lowest = this.#value;
    }
    this.#changedAt = now;
    return this.#value;
  }

  /** For a fraction: what an event of now stands for, which one in so many does; 0 for the others. */
  choose(now: number): number {
    const fraction = this.at(now);
    return random() * fraction < 1 ? fraction : 0;
  }

  /** A stack was captured for an event, at this part of the usual cost. */
  captured(cost = 1): void {
    if (this.#decayPerMs === 0) return;
    this.#value *= cost === 1 ? STEP : STEP ** cost;
    if (this.#value > this.#highest) this.#highest = this.#value;
  }
}

const STEP = 1.05;
/** How long the rate may stay as it is: events come by the thousand, and an exponential takes longer than all the rest of `at`. */
const STALE_MS = 1;
