import { getHeapStatistics } from 'node:v8';
import { native } from '../binding';

/*
 * The trailer of Go's heap text: every key of runtime.MemStats, in Go's order, with what Node knows. 0 stands where V8
 * has no counterpart or does not say: it counts bytes but no objects, and has no spans, lookups or size-class caches.
 */

/** Reads the statistics, as text ready to print. Sizes are bytes, times nanoseconds. */
export function readMemStats(): [key: string, value: string][] {
  const heap: ReturnType<typeof getHeapStatistics> & { total_allocated_bytes?: number } = getHeapStatistics();
  const { rss, external } = process.memoryUsage();
  const gc = native.getGcLog();
  const last = (gc.collections + gc.pauseEnd.length - 1) % gc.pauseEnd.length;
  // V8's own malloc'ed memory is what Go books as runtime-internal; Buffers are outside V8's heap.
  const other = heap.malloced_memory + external;
  const values: [string, number | bigint | string][] = [
    ['Alloc', heap.used_heap_size],
    ['TotalAlloc', heap.total_allocated_bytes ?? 0],
    ['Sys', rss],
    ['Lookups', 0],
    ['Mallocs', 0],
    ['Frees', 0],
    ['HeapAlloc', heap.used_heap_size],
    ['HeapSys', heap.total_heap_size],
    ['HeapIdle', heap.total_heap_size - heap.used_heap_size],
    ['HeapInuse', heap.used_heap_size],
    ['HeapReleased', Math.max(0, heap.total_heap_size - heap.total_physical_size)],
    ['HeapObjects', 0],
    ['Stack', '0 / 0'],
    ['MSpan', '0 / 0'],
    ['MCache', '0 / 0'],
    ['BuckHashSys', 0],
    ['GCSys', 0],
    ['OtherSys', other],
    ['NextGC', 0],
    ['LastGC', gc.pauseEnd[last] ?? 0n],
    ['PauseNs', `[${gc.pauseNanos.join(' ')}]`],
    ['PauseEnd', `[${gc.pauseEnd.join(' ')}]`],
    ['NumGC', gc.collections],
    ['NumForcedGC', gc.forced],
    ['GCCPUFraction', gc.totalPauseNanos / 1e9 / process.uptime()],
    ['DebugGC', 'false'],
    ['MaxRSS', process.resourceUsage().maxRSS * 1024],
  ];
  return values.map(([key, value]) => [key, String(value)]);
}
