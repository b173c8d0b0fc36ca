/** The default of allocsBudget: the share of the thread's CPU time that mprof's harvests may take. */
const BUDGET = 0.01;
/** What they may take in advance, after each start. */
export const ADVANCE_MILLIS = 20;
const TOLERANCE = 1.2;
/** Below this, what is in advance and the last harvest count for more than the budget. */
const LEAST_CPU_MILLIS = 5000;

/** What has been found, in words. */
const exceeded = [];

/**
 * Notes where the harvests of a process that has done some work, or of a part of its life, have not kept to the budget within
 * 20 %. Harvests are whole ones, the last of them may come in twos, and the budget of some seconds may be less than one takes.
 */
export function checkBudget({ harvestMillis, cpuMillis, longestMillis = 0 }, advanceMillis = ADVANCE_MILLIS) {
  if (cpuMillis < LEAST_CPU_MILLIS) return;
  const budget = BUDGET * cpuMillis;
  const most = Math.max(TOLERANCE * budget, budget + 2 * longestMillis) + advanceMillis;
  if (!(harvestMillis <= most)) exceeded.push(`harvests took ${harvestMillis} ms of ${cpuMillis}, and ${most} at most were allowed`);
}

/** Throws if there is any such: after what was measured has been saved. */
export function throwIfExceeded() {
  if (exceeded.length > 0) throw new Error(exceeded.join('\n'));
}
