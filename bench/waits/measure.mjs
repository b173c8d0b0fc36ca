import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { COMPARISONS, CONFIGURATIONS, SETTINGS } from './settings.mjs';
import { WORKLOADS } from './workloads.mjs';

const CHILD = new URL('child.mjs', import.meta.url);
const SWITCHED = Object.keys(CONFIGURATIONS).filter((name) => name !== 'never');

/** Pairs of blocks of operations, one right after the other, for each workload. */
export async function measureCosts({ quick, log }) {
  const settings = quick ? SETTINGS.quick : SETTINGS.full;
  const workloads = {};
  for (const workload of Object.keys(WORKLOADS)) {
    log(workload);
    workloads[workload] = await measureWorkload(workload, settings);
  }
  return { settings, workloads };
}

async function measureWorkload(workload, { processes, rounds, ...settings }) {
  const pairs = COMPARISONS.map(([name, base]) => ({ name, base, nanos: [], baseNanos: [] }));
  for (let process = 0; process < processes; process++) {
    const start = (configurations) => Child.start(CHILD, { workload, configurations, ...settings });
    // Warmed up as long as the other.
    const untouched = await start(SWITCHED.map(() => 'never'));
    const switched = await start(SWITCHED);
    for (const { nanos, baseNanos } of pairs) for (const groups of [nanos, baseNanos]) groups.push([]);
    for (let round = 0; round < rounds; round++) {
      for (const { name, base, nanos, baseNanos } of shuffled(pairs)) {
        for (const [each, groups] of shuffled([[name, nanos], [base, baseNanos]])) {
          groups.at(-1).push(await (each === 'never' ? untouched : switched).call('block', each));
        }
      }
    }
    await untouched.end();
    await switched.end();
  }
  return pairs;
}
