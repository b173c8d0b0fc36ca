import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { SETTINGS } from './settings.mjs';

export { method, report, title } from './report.mjs';

export const name = 'on-request';
/** Directories whose packages it measures. */
export const packages = [];

const CHILD = new URL('child.mjs', import.meta.url);

/** For each size of the heap the stalls in milliseconds, and the CPU time of some work in microseconds; by process and round. */
export async function measure({ quick, log }) {
  const settings = quick ? SETTINGS.quick : SETTINGS.full;
  const heaps = [];
  for (const megabytes of settings.heapMegabytes) {
    log(`a heap of ${megabytes} MB`);
    heaps.push(await measureHeap(megabytes, settings));
  }
  log('work');
  return { settings, heaps, work: await measureWork(settings) };
}

async function measureHeap(megabytes, { processes, rounds, fullListingUpTo, ...settings }) {
  const stalls = { goroutine: [], firstCpuWindow: [], cpuWindow: [], ...(megabytes <= fullListingUpTo && { fullGoroutine: [] }) };
  await inProcesses(processes, { megabytes, ...settings }, async (child) => {
    for (const groups of Object.values(stalls)) groups.push([]);
    stalls.firstCpuWindow.at(-1).push(await child.call('cpuWindow'));
    for (let round = 0; round < rounds; round++) {
      for (const each of shuffled(['goroutine', 'cpuWindow'])) stalls[each].at(-1).push(await child.call(each));
    }
    // V8 forgets what it has learned about the program, so this comes last.
    for (let round = 0; round < 3; round++) stalls.fullGoroutine?.at(-1).push(await child.call('fullGoroutine'));
  });
  return { megabytes, stalls };
}

async function measureWork({ processes, rounds, ...settings }) {
  const pairs = {
    request: { values: [], base: [], with: { isOpen: true }, without: { isOpen: false } },
    labelledAwait: { values: [], base: [], with: { labels: true }, without: { labels: false } },
  };
  const single = { add: [], cpuWindowEnd: [] };
  await inProcesses(processes, { megabytes: 10, ...settings }, async (child) => {
    for (const { values, base } of Object.values(pairs)) for (const groups of [values, base]) groups.push([]);
    for (const groups of Object.values(single)) groups.push([]);
    for (let round = 0; round < rounds; round++) {
      for (const [name, pair] of shuffled(Object.entries(pairs))) {
        for (const [groups, how] of shuffled([[pair.values, pair.with], [pair.base, pair.without]])) groups.at(-1).push(await child.call(name, how));
      }
      single.add.at(-1).push(await child.call('add'));
    }
    single.cpuWindowEnd.at(-1).push(await child.call('cpuWindowEnd'));
  });
  const measured = Object.entries(pairs).map(([name, { values, base }]) => [name, { values, base }]);
  return { ...Object.fromEntries(measured), ...single };
}

async function inProcesses(count, setup, work) {
  for (let i = 0; i < count; i++) {
    const child = await Child.start(CHILD, setup, ['--expose-gc', '--max-old-space-size=4096']);
    await work(child);
    await child.end();
  }
}
