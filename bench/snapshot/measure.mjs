import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds the event loop was held up at the longest while the work was going on. */
export async function longestStall(work) {
  let [longest, last, done] = [0, performance.now(), false];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!done) setImmediate(turn);
  };
  turn();
  await nextTurn();
  longest = 0;
  await work();
  done = true;
  await nextTurn();
  return longest;
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
