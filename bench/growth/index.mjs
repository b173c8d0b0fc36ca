import { measureHeap, measureNewSamples, measureScripts, measureStacks, measureWorkers } from './curves.mjs';
import { measureAbove, measureTime } from './long-runs.mjs';
import { FULL, QUICK } from './settings.mjs';

export { method, report, title } from './report.mjs';

export const name = 'growth';
/** Directories whose packages it measures. */
export const packages = [];

const CURVES = {
  heap: measureHeap,
  scripts: measureScripts,
  stacks: measureStacks,
  newSamples: measureNewSamples,
  workers: measureWorkers,
  time: measureTime,
  above: measureAbove,
};

/** The points of each curve, in raw numbers; see the functions. */
export async function measure({ quick, log }) {
  const settings = quick ? QUICK : FULL;
  const curves = Object.entries(CURVES).map(([curve, measureCurve]) => async () => [curve, await measureCurve(settings, log)]);
  // Side by side where the figures do not matter: most of the time processes start.
  const points = quick ? await Promise.all(curves.map((run) => run())) : await inTurn(curves);
  return { settings, ...Object.fromEntries(points) };
}

async function inTurn(works) {
  const results = [];
  for (const work of works) results.push(await work());
  return results;
}
