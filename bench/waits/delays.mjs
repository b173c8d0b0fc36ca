import { Child } from '../child.mjs';
import { CAPTURES, DELAYS, TASKS } from './settings.mjs';

const CHILD = new URL('delays-child.mjs', import.meta.url);
const BLOCK_NANOS = 10_000_000;

/** For each bound on captures: by site, what was waited for altogether, and what the profile has of it, by process and window. */
export async function measureDelays({ quick, log }) {
  const settings = quick ? DELAYS.quick : DELAYS.full;
  const cases = [];
  for (const maxCapturesPerSecond of CAPTURES) {
    log(`delays, ${maxCapturesPerSecond} captures a second`);
    const sites = Object.fromEntries(Object.keys(TASKS).map((name) => [name, { truth: [], estimate: [] }]));
    // They mostly wait, so that they do not disturb each other.
    await Promise.all(Array.from({ length: settings.processes }, () => measureProcess({ maxCapturesPerSecond, sites, settings })));
    cases.push({ maxCapturesPerSecond, sites });
  }
  return { settings, blockNanos: BLOCK_NANOS, cases };
}

async function measureProcess({ maxCapturesPerSecond, sites, settings: { windows, windowMillis } }) {
  const child = await Child.start(CHILD, { blockNanos: BLOCK_NANOS, maxCapturesPerSecond, tasks: TASKS });
  const measured = [];
  for (let window = 0; window < windows; window++) measured.push(await child.call('window', windowMillis));
  await child.end();
  for (const [name, { truth, estimate }] of Object.entries(sites)) {
    truth.push(measured.map((each) => each.truth[name]));
    estimate.push(measured.map((each) => each.estimate[name]));
  }
}
