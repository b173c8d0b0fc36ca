import { ADVANCE_MILLIS, checkBudget } from '../check-budget.mjs';
import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { IN_PROCESS, QUICK_CONFIGURATIONS, WORKLOADS } from './settings.mjs';

const CHILD = new URL('in-process-child.mjs', import.meta.url);

export const BLOCK_METRICS = ['cpuMicros', 'perSecond', 'p50Millis', 'p99Millis'];

/**
 * Blocks of operations, one for each configuration in every round, in random order: what two blocks a minute apart differ by
 * is often more than what a profiler costs, so that those of a round are compared.
 */
export async function measureInProcess({ quick, log }) {
  const settings = quick ? IN_PROCESS.quick : IN_PROCESS.full;
  const workloads = {};
  for (const [workload, all] of Object.entries(WORKLOADS)) {
    const configurations = quick ? QUICK_CONFIGURATIONS : all;
    workloads[workload] = await measureWorkload({ workload, configurations, settings, log });
  }
  return { settings, workloads };
}

async function measureWorkload({ workload, configurations, settings, log }) {
  const series = Object.fromEntries(configurations.map((name) => [name, Object.fromEntries(BLOCK_METRICS.map((metric) => [metric, []]))]));
  const harvests = { cpuMicros: 0, harvestMicros: 0 };
  let described;
  for (let process = 1; process <= settings.processes; process++) {
    log(`${workload}, process ${process} of ${settings.processes}`);
    const child = await Child.start(CHILD, { workload, configurations, ...settings }, ['--expose-gc']);
    described ??= await child.call('describe');
    for (const name of configurations) for (const metric of BLOCK_METRICS) series[name][metric].push([]);
    for (let round = 0; round < settings.rounds; round++) {
      for (const name of shuffled(configurations)) {
        const block = await child.call('block', name);
        for (const metric of BLOCK_METRICS) series[name][metric].at(-1).push(block[metric]);
        if (name === 'mprof') for (const metric of Object.keys(harvests)) harvests[metric] += block[metric];
      }
    }
    await child.end();
  }
  // Sums of averages over a block, each of which begins with a start of its own, and what that has in advance.
  const operations = described.operationsPerBlock;
  const blocks = settings.processes * settings.rounds;
  checkBudget({ harvestMillis: (harvests.harvestMicros * operations) / 1000, cpuMillis: (harvests.cpuMicros * operations) / 1000 }, blocks * ADVANCE_MILLIS);
  return { described, series, harvestShare: harvests.harvestMicros / harvests.cpuMicros };
}
