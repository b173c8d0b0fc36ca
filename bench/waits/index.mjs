export { measure } from './measure.mjs';
export { method, report, title } from './report.mjs';

export const name = 'waits';
/** Directories whose packages it measures. */
export const packages = ['services'];
