/** The default of allocsBudget: the share of the thread's CPU time that mprof's harvests may take. */
const BUDGET = 0.01;
/** What they may take in advance, after each start. */
export const ADVANCE_MILLIS = 20;
const TOLERANCE = 1.2;
/** Below this, what is in advance and the last harvest count for more than the budget. */
const LEAST_CPU_MILLIS = 5000;

/** Throws unless the harvests of a process that has done some work, or of a part of its life, have kept to the budget within 20 %. */
export function checkBudget({ harvestMillis, cpuMillis }, advanceMillis = ADVANCE_MILLIS) {
  if (cpuMillis < LEAST_CPU_MILLIS) return;
  const most = TOLERANCE * BUDGET * cpuMillis + advanceMillis;
  if (!(harvestMillis <= most)) throw new Error(`harvests took ${harvestMillis} ms of ${cpuMillis}, and ${most} at most were allowed`);
}
