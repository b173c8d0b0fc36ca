import { measureDelays } from './delays.mjs';
import { measureCosts } from './measure.mjs';

export { method, report, title } from './report.mjs';

export const name = 'waits';
/** Directories whose packages it measures. */
export const packages = ['services'];

export async function measure(options) {
  return { costs: await measureCosts(options), delays: await measureDelays(options) };
}
