import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { checkValid, decode } from 'mprof/pprof';
import { checkFleetRules } from './fleet-rules';
import { goCheck, goPprof, needsGo, type GoSummary } from './go-tool';

/** As Go names it; any other name is that of a profile that counts stacks. */
type Kind = 'heap' | 'allocs' | 'block' | 'mutex' | (string & {});

const REPORTS = ['-raw', '-top', '-traces', '-tags'];

/** Has a served profile read by everything that reads profiles: our decoder, the rules of the fleet, and Go's tools. */
export async function checkProtobuf(
  t: Test,
  name: string,
  bytes: Uint8Array,
  { kind = 'heap', huge = false, labelled = false }: { kind?: Kind; huge?: boolean; labelled?: boolean } = {},
): Promise<void> {
  t.same([...bytes.subarray(0, 2)], [0x1f, 0x8b], `${name}: gzipped`);
  checkValid(decode(bytes));
  t.same(checkFleetRules(bytes, { kind, labelled }), [], `${name}: fleet rules`);
  await t.test(`${name}: read by Go`, needsGo(), async (t) => {
    const { profiles, merged } = await goCheck(bytes, bytes);
    // Picked out, as tap would print all functions before it compares.
    const { sampleTypes, periodType, defaultSampleType, durationNanos, mappings, totals } = profiles[0]!;
    t.same({ sampleTypes, periodType, defaultSampleType, durationNanos, mappings }, headerOf(kind));
    t.same(merged.totals, totals.map((total) => 2 * total), 'merged with itself');
    // Printing tens of thousands of functions takes seconds.
    if (huge) return;
    const file = join(t.testdir(), 'profile.pb.gz');
    await writeFile(file, bytes);
    for (const report of REPORTS) await t.resolves(goPprof([report], file), `go tool pprof ${report}`);
    const { stdout } = await goPprof(['-top', `-diff_base=${file}`], file);
    t.match(stdout, /Showing nodes accounting for 0, 0% of/, 'no difference to itself');
  });
}

function headerOf(kind: Kind): Partial<GoSummary> {
  const common = { defaultSampleType: '', durationNanos: '0', mappings: 1 };
  if (kind === 'block' || kind === 'mutex') {
    const contentions = { type: 'contentions', unit: 'count' };
    return { ...common, sampleTypes: [contentions, { type: 'delay', unit: 'nanoseconds' }], periodType: contentions };
  }
  if (kind !== 'heap' && kind !== 'allocs') {
    const type = { type: kind, unit: 'count' };
    return { ...common, sampleTypes: [type], periodType: type };
  }
  return {
    ...common,
    sampleTypes: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    periodType: { type: 'space', unit: 'bytes' },
    defaultSampleType: kind === 'allocs' ? 'alloc_space' : '',
  };
}
