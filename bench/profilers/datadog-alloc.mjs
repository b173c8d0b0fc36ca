import { heap } from '@datadog/pprof';
import { STACK_DEPTH } from './datadog.mjs';

export { readFunctions, readInUse, stop, takeProfile } from './datadog.mjs';

export const start = (rate) => heap.start(rate, STACK_DEPTH, true);
