import { measureHttp } from './http.mjs';
import { measureInProcess } from './in-process.mjs';

export { method, report, title } from './report.mjs';

export const name = 'overhead';
/** Directories whose packages it measures. */
export const packages = ['profilers', 'services'];

export async function measure(options) {
  return { inProcess: await measureInProcess(options), http: await measureHttp(options) };
}
