import t from 'tap';
import { decode, encode, gzip, type Profile } from 'mprof/pprof';
import { BLOCK_TYPES, columnsOf, deltaOf, HEAP_TYPES, type Frame, type Header, type Sample } from './helpers/columns';
import { checkFleetLimits, checkFleetRules, checkMonotone, type FleetRule } from './helpers/fleet-rules';
import { writeProfile } from './helpers/write-profile';

const root: Frame = { name: 'main', file: '/srv/app/server.ts', line: 1, column: 1 };
const goLike: Frame = { name: 'Router.go', file: '/srv/app/router.py', line: 2, column: 1 };

const samples: Sample[] = [
  { stack: [goLike, root], values: [2, 200, 1, 100], bytes: 100 },
  { stack: [root], values: [1, 16, 0, 0], bytes: 16 },
];
const waits: Sample[] = samples.map(({ stack }) => ({ stack, values: [3, 5000] }));
const waitHeader: Header = { sampleTypes: BLOCK_TYPES, periodType: BLOCK_TYPES[0]!, period: 1 };

t.test('what writeProfile writes is taken by everyone', async (t) => {
  const takes = (kind: string, bytes: Uint8Array, windowed = false): unknown =>
    t.strictSame(checkFleetRules(bytes, { kind, windowed }), [], kind);
  for (const program of ['/srv/app/server.js', '/srv/app/server.mjs', '/usr/local/go/server.ts', 'java/x.js', '[eval]']) {
    takes('heap', writeProfile(columnsOf(samples, { program })));
  }
  const columns = columnsOf(samples, { defaultSampleType: 'alloc_space', comments: ['a', 'b'] });
  takes('allocs', gzip(writeProfile(columns)));
  takes('heap', writeProfile(columnsOf([])));
  const later = { ...columns, timeNanos: columns.timeNanos + 1n, values: columns.values.map((value) => value + 1) };
  takes('allocs', writeProfile(deltaOf(columns, later)), true);
  takes('block', writeProfile(columnsOf(waits, waitHeader)));
  takes('mutex', writeProfile(columnsOf([], waitHeader)));
  const type = { type: 'handles', unit: 'count' };
  takes('handles', writeProfile(columnsOf([], { sampleTypes: [type], periodType: type, period: 1 })));
  t.strictSame(checkFleetLimits(writeProfile(columns)), []);
});

t.test('each rule can be broken', async (t) => {
  const broken = new Set<FleetRule>();
  const breaks = (rule: FleetRule, detail: RegExp, change: (profile: Profile) => void, windowed = false): void => {
    const profile = decode(writeProfile(columnsOf(samples, { program: '/srv/app/server.js' })));
    change(profile);
    broken.add(rule);
    const violations = checkFleetRules(encode(profile), { kind: 'heap', windowed });
    t.ok(
      violations.some((violation) => violation.rule === rule && detail.test(violation.detail)),
      `${rule}: ${detail}`,
      { violations },
    );
  };
  const string = (profile: Profile, text: string): number => profile.stringTable.push(text) - 1;
  breaks('valid', /location 9/, (p) => p.sample[0]!.locationId.push(9));
  breaks('types', /sample types/, (p) => p.sampleType.reverse());
  breaks('types', /sample types/, (p) => (p.stringTable[p.stringTable.indexOf('alloc_space')] = 'alloc-space'));
  breaks('typeCount', /^5 sample types/, (p) => {
    p.sampleType.push(p.sampleType[0]!);
    for (const sample of p.sample) sample.value.push(0);
  });
  breaks('typeNames', /alloc-space/, (p) => (p.stringTable[p.stringTable.indexOf('alloc_space')] = 'alloc-space'));
  breaks('typeNames', /""/, (p) => (p.periodType!.unit = 0));
  breaks('period', /no period type/, (p) => delete p.periodType);
  breaks('period', /not space/, (p) => (p.periodType = p.sampleType[0]!));
  breaks('period', /period of 0/, (p) => (p.period = 0));
  breaks('time', /no time/, (p) => (p.timeNanos = 0));
  breaks('duration', /duration of 5/, (p) => (p.durationNanos = 5));
  breaks('duration', /duration of 0/, () => {}, true);
  breaks('addresses', /location 2 at 0/, (p) => (p.location[1]!.address = 0));
  breaks('addresses', /at 9007199254740992/, (p) => (p.location[1]!.address = 2n ** 53n));
  breaks('addresses', /two locations/, (p) => (p.location[1]!.address = p.location[0]!.address));
  breaks('ids', /location 1 has the id 2/, (p) => p.location.reverse());
  breaks('ids', /function 1 has the id 2/, (p) => p.function.reverse());
  breaks('ids', /mapping 1 has the id 4/, (p) => {
    p.mapping[0]!.id = 4;
    for (const location of p.location) location.mappingId = 4;
  });
  breaks('strings', /65536 bytes/, (p) => string(p, 'ä'.repeat(32768)));
  breaks('stacks', /sample 1/, (p) => (p.sample[1]!.locationId = []));
  breaks('stacks', /location 1/, (p) => (p.location[0]!.line = []));
  breaks('mapping', /0 mappings/, (p) => {
    p.mapping = [];
    for (const location of p.location) location.mappingId = 0;
  });
  breaks('mapping', /2 mappings/, (p) => p.mapping.push({ ...p.mapping[0]!, id: 2 }));
  breaks('mapping', /covers/, (p) => (p.mapping[0]!.memoryLimit = 1));
  breaks('mapping', /without a file/, (p) => (p.mapping[0]!.filename = 0));
  breaks('mapping', /to resolve/, (p) => (p.mapping[0]!.hasFilenames = false));
  breaks('mapping', /location 2 outside/, (p) => (p.location[1]!.mappingId = 0));
  breaks('systemNames', /function 2/, (p) => (p.function[1]!.systemName = p.function[1]!.name));
  breaks('language', /language go/, (p) => (p.stringTable[1] = 'Router.go'));
  breaks('language', /go or nodejs/, (p) => (p.stringTable[1] = '/usr/local/go/server.js'));
  breaks('language', /unknown/, (p) => (p.stringTable = p.stringTable.map((text) => text.replace('.', '-'))));
  breaks('language', /go/, (p) => {
    // Without the reference that keeps Alloy from blanking it.
    p.keepFrames = 0;
    p.mapping[0]!.filename = string(p, '/srv/app/server.mjs');
  });
  breaks('labels', /twice/, (p) => p.sample[0]!.label.push(p.sample[0]!.label[0]!));
  breaks('labels', /text/, (p) => (p.sample[0]!.label[0]!.str = 1));
  breaks('comments', /^3 comments/, (p) => p.comment.push(1, 1, 1));
  breaks('perfetto', /doc_url/, (p) => (p.docUrl = string(p, 'https://example.com')));
  breaks('perfetto', /first field/, (p) => {
    p.sampleType = [];
    p.sample = [];
  });
  const rules: FleetRule[] = [
    ...(['valid', 'types', 'typeCount', 'typeNames', 'period', 'time', 'duration', 'addresses', 'ids'] as const),
    ...(['strings', 'stacks', 'mapping', 'systemNames', 'language', 'labels', 'comments', 'perfetto'] as const),
  ];
  t.strictSame([...broken].sort(), rules.sort());
});

t.test('the rules of other kinds', async (t) => {
  const bytes = writeProfile(columnsOf(waits, { ...waitHeader, period: 5 }));
  t.strictSame(checkFleetRules(bytes, { kind: 'mutex' }), [{ rule: 'period', detail: 'a period of 5' }]);
  const heapTypes = writeProfile(columnsOf(samples, { sampleTypes: HEAP_TYPES }));
  t.match(checkFleetRules(heapTypes, { kind: 'goroutine' }), [{ rule: 'types' }, { rule: 'period' }, { rule: 'period' }]);
});

t.test('limits are reported', async (t) => {
  const stack = Array.from({ length: 1001 }, (_, i): Frame => ({ name: `f${i}` }));
  t.strictSame(checkFleetLimits(writeProfile(columnsOf([{ stack, values: [1, 1, 1, 1] }]))), [
    '1001 frames in a stack, more than 1000',
  ]);
  const many = columnsOf(Array.from({ length: 16_001 }, () => samples[0]!));
  t.strictSame(checkFleetLimits(writeProfile(many)), ['16001 samples, more than 16000']);
  const limitsOf = (text: string): string[] => checkFleetLimits(encode({ stringTable: ['', text] }));
  t.strictSame(limitsOf('a'.repeat(2 ** 21)), ['2097159 bytes in one push, more than 2097152']);
  t.match(limitsOf('a'.repeat(2 ** 22)), [/^4194311 bytes, more than 4194304/, / bytes in one push/]);
});

t.test('counters only grow', async (t) => {
  const write = (...rows: Sample[]): Uint8Array => writeProfile(columnsOf(rows));
  const [first, second] = samples as [Sample, Sample];
  t.strictSame(checkMonotone(write(first), write(first, second)), []);
  t.strictSame(checkMonotone(write(first), write({ ...first, values: [2, 200, 0, 0] })), [], 'memory may be freed');
  t.match(checkMonotone(write(first), write({ ...first, values: [2, 199, 1, 100] })), [/^199 after 200 in column 1/]);
  t.equal(checkMonotone(write(first, second), write(first)).length, 2, 'a sample that is gone counts as 0');
  t.equal(checkMonotone(write(first), write({ ...first, bytes: 99 })).length, 2, 'another label is another sample');
  t.strictSame(checkMonotone(write(first, first), write({ ...first, values: [4, 400, 2, 200] })), [], 'equal samples add up');
});
