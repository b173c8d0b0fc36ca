import { checkValid, decode, type Int64, type Profile, type ValueType } from 'mprof/pprof';
import { gunzipSync } from 'node:zlib';

/**
 * What Parca, Grafana Alloy, Pyroscope and Perfetto require of a profile's content, as rules that a test can apply to
 * the bytes that are served. Each rule says who breaks when it is not kept.
 */
export type FleetRule = keyof typeof rules;

/** A broken rule, and how it is broken. */
export interface Violation {
  rule: FleetRule;
  detail: string;
}

export interface FleetOptions {
  /** The kind of profile as Go names it; any other name is that of a custom profile. */
  kind: string;
  /** Whether the profile covers a window of time, as CPU profiles and deltas do. */
  windowed?: boolean;
  /** Whether the program has given its work labels. */
  labelled?: boolean;
}

interface Kind {
  types: readonly string[];
  period: string;
  /** The period that is expected, where it does not depend on settings. */
  every?: number;
}

const HEAP: Kind = {
  types: ['alloc_objects/count', 'alloc_space/bytes', 'inuse_objects/count', 'inuse_space/bytes'],
  period: 'space/bytes',
};
const WAITS: Kind = { types: ['contentions/count', 'delay/nanoseconds'], period: 'contentions/count', every: 1 };
const KINDS: Record<string, Kind> = {
  heap: HEAP,
  allocs: HEAP,
  block: WAITS,
  mutex: WAITS,
  profile: { types: ['samples/count', 'cpu/nanoseconds'], period: 'cpu/nanoseconds' },
};

const kindOf = (name: string): Kind =>
  KINDS[name] ?? { types: [`${name}/count`], period: `${name}/count`, every: 1 };

/** All that is wrong with a profile, gzipped or not; empty when everyone takes it. */
export function checkFleetRules(bytes: Uint8Array, options: FleetOptions): Violation[] {
  const profile = decode(bytes);
  // The other rules follow references and rely on their targets.
  const invalid = [...rules.valid(profile)];
  if (invalid.length > 0) return invalid.map((detail) => ({ rule: 'valid', detail }));
  const subject = { bytes: isGzip(bytes) ? gunzipSync(bytes) : bytes, ...options };
  return Object.entries(rules).flatMap(([rule, check]) =>
    Array.from(check(profile, subject), (detail) => ({ rule: rule as FleetRule, detail })),
  );
}

/** Which of Pyroscope's default limits a profile exceeds. They can be raised there, so they are not rules. */
export function checkFleetLimits(bytes: Uint8Array): string[] {
  const plain = isGzip(bytes) ? gunzipSync(bytes) : bytes;
  const { sample } = decode(plain);
  const depth = sample.reduce((most, { locationId }) => Math.max(most, locationId.length), 0);
  return [
    ...atMost(sample.length, 16_000, 'samples'),
    ...atMost(plain.length, 4 * 2 ** 20, 'bytes'),
    // What it allows a tenant in one go, counted unpacked.
    ...atMost(plain.length, 2 * 2 ** 20, 'bytes in one push'),
    ...atMost(depth, 1000, 'frames in a stack'),
  ];
}

/**
 * Where a later profile of the same process counts less than an earlier one. Alloy subtracts the earlier from the
 * later, and Pyroscope drops whole samples that have a negative value. In-use values may go down.
 */
export function checkMonotone(before: Uint8Array, after: Uint8Array): string[] {
  const later = decode(after);
  const counters = later.sampleType.map(({ type }) => !text(later, type).startsWith('inuse_'));
  const sums = sumsByStack(later);
  return [...sumsByStack(decode(before))].flatMap(([stack, values]) =>
    values.flatMap((value, i) => {
      const now = sums.get(stack)?.[i] ?? 0;
      return counters[i] && now < value ? [`${now} after ${value} in column ${i} of ${stack}`] : [];
    }),
  );
}

type Subject = FleetOptions & { bytes: Uint8Array };
type Check = (profile: Profile, subject: Subject) => Iterable<string>;

const rules = {
  /** Everyone: references lead somewhere, samples have all their values. */
  *valid(profile) {
    try {
      checkValid(profile);
    } catch (error) {
      yield (error as Error).message;
    }
  },

  /** Alloy and Pyroscope find the columns by name, others by place. */
  *types(profile, { kind }) {
    const types = profile.sampleType.map((type) => typeText(profile, type));
    const expected = kindOf(kind).types;
    if (types.join() !== expected.join()) yield `sample types ${types}, not ${expected}`;
  },

  /** Alloy fails on every scrape when there are more. */
  *typeCount(profile) {
    yield* atMost(profile.sampleType.length, 4, 'sample types');
  },

  /** Parca reads them as part of a PromQL selector, Pyroscope refuses "-". */
  *typeNames(profile) {
    for (const { type, unit } of [...profile.sampleType, ...(profile.periodType ? [profile.periodType] : [])]) {
      for (const name of [text(profile, type), text(profile, unit)]) {
        if (!/^[A-Za-z0-9_]+$/.test(name)) yield `the name ${JSON.stringify(name)}`;
      }
    }
  },

  /** Pyroscope follows period_type without looking; Parca multiplies CPU samples by the period. */
  *period(profile, { kind }) {
    const { period, every } = kindOf(kind);
    if (!profile.periodType) yield 'no period type';
    else if (typeText(profile, profile.periodType) !== period) yield `period type is not ${period}`;
    if (every !== undefined ? profile.period !== every : profile.period <= 0) yield `a period of ${profile.period}`;
  },

  /** Parca dates the profile by it. */
  *time(profile) {
    if (profile.timeNanos <= 0) yield 'no time';
  },

  /** Parca turns whatever has a duration into a type of its own. */
  *duration(profile, { windowed = false }) {
    if (profile.durationNanos > 0 !== windowed) yield `a duration of ${profile.durationNanos} ns`;
  },

  /** Alloy tells stacks apart by addresses alone, and JavaScript loses bits beyond 2^53. */
  *addresses(profile) {
    const seen = new Set<Int64>();
    for (const { id, address } of profile.location) {
      if (address <= 0 || address >= 2 ** 53) yield `location ${id} at ${address}`;
      if (seen.has(address)) yield `two locations at ${address}`;
      seen.add(address);
    }
  },

  /** Parca takes an id for the place in its table. */
  *ids(profile) {
    for (const table of ['mapping', 'location', 'function'] as const) {
      const wrong = profile[table].findIndex(({ id }, i) => id !== i + 1);
      if (wrong >= 0) yield `${table} ${wrong + 1} has the id ${profile[table][wrong]!.id}`;
    }
  },

  /** Pyroscope cuts longer ones. */
  *strings(profile) {
    for (const string of profile.stringTable) yield* atMost(Buffer.byteLength(string), 65_535, 'bytes of a string');
  },

  /** A viewer shows nothing of a sample without a stack, but counts it in. */
  *stacks(profile) {
    const empty = profile.sample.findIndex(({ locationId }) => locationId.length === 0);
    if (empty >= 0) yield `sample ${empty} has no location`;
    for (const { id, line } of profile.location) if (line.length === 0) yield `location ${id} has no line`;
  },

  /** The tool must have nothing to resolve, and show the app as the program. */
  *mapping(profile) {
    if (profile.mapping.length !== 1) return yield `${profile.mapping.length} mappings`;
    const { memoryStart, memoryLimit, fileOffset, filename, ...mapping } = profile.mapping[0]!;
    if (memoryStart !== 0 || memoryLimit !== 0 || fileOffset !== 0) yield 'a mapping that covers addresses';
    if (filename === 0) yield 'a mapping without a file';
    if (!mapping.hasFunctions || !mapping.hasFilenames || !mapping.hasLineNumbers) yield 'a mapping left to resolve';
    const lost = profile.location.find(({ mappingId }) => mappingId !== 1);
    if (lost) yield `location ${lost.id} outside the mapping`;
  },

  /** pprof demangles a name that is also the system's, and `<anonymous>` becomes nothing. */
  *systemNames(profile) {
    const named = profile.function.find(({ systemName }) => systemName !== 0);
    if (named) yield `function ${named.id} has a system name`;
  },

  /** Pyroscope, as the profile is and as Alloy passes it on: with strings blanked that nothing refers to. */
  *language(profile) {
    const used = referredTo(profile);
    const tables = [profile.stringTable, profile.stringTable.map((string, row) => (used.has(row) ? string : ''))];
    for (const table of tables) {
      const languages = languagesOf(table);
      if (languages.join() !== 'nodejs') yield `the language ${languages.join(' or ') || 'is unknown'}`;
    }
  },

  /** Pyroscope makes a series of each set of labels; Parca keeps one value of a key. */
  *labels(profile, { labelled = false }) {
    for (const [i, { label }] of profile.sample.entries()) {
      if (new Set(label.map(({ key }) => key)).size < label.length) yield `sample ${i} has a label twice`;
      if (!labelled && label.some(({ str }) => str !== 0)) yield `sample ${i} has a text label`;
    }
  },

  /** Viewers show them above everything else. */
  *comments(profile) {
    yield* atMost(profile.comment.length, 2, 'comments');
  },

  /** Perfetto does not know the field, nor a profile that has it; it looks for sample types in the first field. */
  *perfetto(profile, { bytes }) {
    if (profile.docUrl !== 0) yield 'a doc_url';
    if (bytes[0] !== 0x0a) yield `the first field is not a sample type`;
  },
} satisfies Record<string, Check>;

/** The patterns by which Pyroscope tells languages, at the start or the end of a string. */
const LANGUAGES: Record<string, readonly string[]> = {
  go: ['.go', '/usr/local/go/'],
  java: ['java/', 'sun/'],
  ruby: ['.rb', 'gems/'],
  nodejs: ['./node_modules/', '.js'],
  dotnet: ['System.', 'Microsoft.'],
  python: ['.py'],
  rust: ['main.rs', 'core.rs'],
};

/** The languages of the first string that looks like any. Of several, Pyroscope takes one at random. */
function languagesOf(strings: readonly string[]): string[] {
  for (const string of strings) {
    const languages = Object.keys(LANGUAGES).filter((language) =>
      LANGUAGES[language]!.some((pattern) => string.startsWith(pattern) || string.endsWith(pattern)),
    );
    if (languages.length > 0) return languages;
  }
  return [];
}

function referredTo(profile: Profile): Set<Int64> {
  return new Set<Int64>([
    ...[...profile.sampleType, ...(profile.periodType ? [profile.periodType] : [])].flatMap(({ type, unit }) => [type, unit]),
    ...profile.sample.flatMap(({ label }) => label.flatMap(({ key, str, numUnit }) => [key, str, numUnit])),
    ...profile.mapping.flatMap(({ filename, buildId }) => [filename, buildId]),
    ...profile.function.flatMap(({ name, systemName, filename }) => [name, systemName, filename]),
    ...profile.comment,
    profile.dropFrames,
    profile.keepFrames,
    profile.defaultSampleType,
  ]);
}

/** The values of all samples that Alloy takes for one: of the same addresses and labels. */
function sumsByStack(profile: Profile): Map<string, number[]> {
  const addresses = new Map(profile.location.map(({ id, address }) => [id, address]));
  const sums = new Map<string, number[]>();
  for (const { locationId, value, label } of profile.sample) {
    const labels = label.map(({ key, str, num }) => `${text(profile, key)}=${text(profile, str)}${num}`).sort();
    const stack = [...locationId.map((id) => addresses.get(id)), ...labels].join(' ');
    sums.set(stack, value.map((number, i) => Number(number) + (sums.get(stack)?.[i] ?? 0)));
  }
  return sums;
}

function typeText(profile: Profile, { type, unit }: ValueType): string {
  return `${text(profile, type)}/${text(profile, unit)}`;
}

function text(profile: Profile, row: Int64): string {
  return profile.stringTable[Number(row)]!;
}

function* atMost(actual: number, limit: number, what: string): Iterable<string> {
  if (actual > limit) yield `${actual} ${what}, more than ${limit}`;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
