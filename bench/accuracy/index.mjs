import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { checkResult } from './check.mjs';
import { addRun, emptyResult } from './collect.mjs';
import { EXPERIMENTS } from './experiments.mjs';
import { AT_ONCE, FULL, QUICK, QUICK_PROFILERS } from './settings.mjs';

export { method, report, title } from './report.mjs';

export const name = 'accuracy';
/** Directories whose packages it measures. */
export const packages = ['profilers'];

const CHILD = new URL('child.mjs', import.meta.url);
/**
 * Code runs as it is written: optimised, it might make two objects in one go, none of those that nobody looks at, or have its caller make
 * them. And it allocates nothing for V8 while it runs, which a function of few objects would be charged with.
 */
const UNOPTIMISED = ['--no-opt', '--no-sparkplug', '--no-maglev', '--no-lazy-feedback-allocation', '--no-flush-bytecode'];
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=4096', ...UNOPTIMISED];

/** By experiment: see collect.mjs. */
export async function measure({ quick, log }) {
  const settings = quick ? QUICK : FULL;
  const results = {};
  const jobs = [];
  for (const [experiment, { profilers: all }] of Object.entries(EXPERIMENTS)) {
    const profilers = all.filter((profiler) => !quick || QUICK_PROFILERS.includes(profiler));
    const { processes, phases, scale } = settings[experiment];
    results[experiment] = emptyResult(experiment, profilers, settings[experiment]);
    for (let process = 1; process <= processes; process++) {
      for (const profiler of shuffled(profilers)) {
        jobs.push(async () => {
          log(`${experiment}, ${profiler}, process ${process} of ${processes}`);
          const child = await Child.start(CHILD, { experiment, profiler, scale }, EXEC_ARGV);
          for (let phase = 0; phase < phases; phase++) addRun(results[experiment], profiler, await child.call('phase', phase));
          if (profiler === 'mprof') results[experiment].observedShares.push(await child.call('observedShare'));
          await child.end();
        });
      }
    }
  }
  await inParallel(jobs, AT_ONCE);
  for (const [experiment, result] of Object.entries(results)) checkResult(experiment, result);
  return results;
}

async function inParallel(jobs, width) {
  const pending = jobs.values();
  const work = async () => {
    for (const job of pending) await job();
  };
  await Promise.all(Array.from({ length: width }, work));
}
