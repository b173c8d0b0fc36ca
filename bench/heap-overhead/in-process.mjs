import { checkBudget } from '../check-budget.mjs';
import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { COMPARISONS, CONFIGURATIONS, IN_PROCESS, RATE } from './settings.mjs';

const CHILD = new URL('in-process-child.mjs', import.meta.url);

/**
 * Pairs of blocks of operations, one right after the other: what two blocks a second apart differ by is often more than
 * what a profiler costs.
 */
export async function measureInProcess({ quick, log }) {
  const settings = quick ? IN_PROCESS.quick : IN_PROCESS.full;
  const pairs = COMPARISONS.map(([name, base]) => ({ name, base, cpuMicros: [], baseCpuMicros: [] }));
  const harvests = { cpuMicros: 0, harvestMicros: 0 };
  let workload;
  for (let process = 1; process <= settings.processes; process++) {
    log(`in one process: ${process} of ${settings.processes}`);
    const child = await Child.start(CHILD, { configurations: CONFIGURATIONS, rate: RATE, ...settings }, ['--expose-gc']);
    workload ??= await child.call('describe');
    for (const { cpuMicros, baseCpuMicros } of pairs) for (const groups of [cpuMicros, baseCpuMicros]) groups.push([]);
    for (let round = 0; round < settings.rounds; round++) {
      for (const { name, base, cpuMicros, baseCpuMicros } of shuffled(pairs)) {
        for (const [each, groups] of shuffled([[name, cpuMicros], [base, baseCpuMicros]])) {
          const block = await child.call('block', each);
          groups.at(-1).push(block.cpuMicros);
          if (each === 'mprof') for (const metric of Object.keys(harvests)) harvests[metric] += block[metric];
        }
      }
    }
    await child.end();
  }
  // Sums of averages over a block. Nothing is in advance for one.
  const operations = workload.operationsPerBlock;
  checkBudget({ harvestMillis: (harvests.harvestMicros * operations) / 1000, cpuMillis: (harvests.cpuMicros * operations) / 1000 }, 0);
  return { settings, workload, pairs, harvestShare: harvests.harvestMicros / harvests.cpuMicros };
}
