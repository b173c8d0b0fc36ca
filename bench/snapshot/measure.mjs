import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// Numbers in there are not garbage: watching is not to cause the collections that it would see.
const watched = new Float64Array(2);

/**
 * Milliseconds between two calls of a timer of a millisecond at the most while the work was going on: how long the event
 * loop was held up, and up to one more.
 */
export async function longestStall(work) {
  const watch = () => {
    const now = performance.now();
    watched[1] = Math.max(watched[1], now - watched[0]);
    watched[0] = now;
  };
  const timer = setInterval(watch, 1);
  await sleep(5);
  watch();
  watched[1] = 0;
  await work();
  await sleep(2);
  clearInterval(timer);
  return watched[1];
}

/** CPU time of all threads, in milliseconds, and by how many bytes resident memory grew at the most. */
export async function cpuAndPeak(work) {
  resetPeak();
  const resident = memory('VmRSS');
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuMillis: (user + system) / 1000, peakBytes: Math.max(0, memory('VmHWM') - resident), result };
}

/** Linux keeps the largest resident size; 5 sets it to the present one. */
function resetPeak() {
  writeFileSync('/proc/self/clear_refs', '5');
}

function memory(field) {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
}
