import { randomUUID } from 'node:crypto';

/** A profile under the name that the servers' own agents give it. */
export interface NamedProfile {
  name: string;
  bytes: Uint8Array;
}

/** What to send. */
export interface Message {
  path: string;
  contentType: string;
  body: Buffer;
}

/** A server's way to be sent profiles. */
export interface Target {
  /** Whether it wants what has been counted since the last profile, or what has been counted since the start. */
  readonly wantsDeltas: boolean;
  messages(profiles: readonly NamedProfile[], labels: Readonly<Record<string, string>>): Message[];
}

interface LabelPair {
  name: string;
  value: string;
}

const pairsOf = (labels: Readonly<Record<string, string>>): LabelPair[] => Object.entries(labels).map(([name, value]) => ({ name, value }));
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
const json = (path: string, value: unknown): Message => ({ path, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) });

/** The Connect protocol's push.v1.PusherService/Push. `__delta__` says that the server has nothing to subtract. */
const pyroscope: Target = {
  wantsDeltas: true,
  messages: (profiles, labels) => [
    json('/push.v1.PusherService/Push', {
      series: profiles.map(({ name, bytes }) => ({
        labels: pairsOf({ ...labels, __name__: name, __delta__: 'false' }),
        samples: [{ ID: randomUUID(), rawProfile: base64(bytes) }],
      })),
    }),
  ],
};

/** ProfileStoreService.WriteRaw of its gateway. */
const parca: Target = {
  wantsDeltas: false,
  messages: (profiles, labels) => [
    json('/api/profiles/writeraw', {
      series: profiles.map(({ name, bytes }) => ({
        labels: { labels: pairsOf({ ...labels, __name__: name }) },
        samples: [{ rawProfile: base64(bytes) }],
      })),
    }),
  ],
};

/** The collector's pprof receiver, which takes one profile at a time, and no labels. */
const otel: Target = {
  wantsDeltas: true,
  messages: (profiles) => profiles.map(({ bytes }) => ({ path: '/v1/pprof', contentType: 'application/octet-stream', body: Buffer.from(bytes) })),
};

export const TARGETS: Readonly<Record<'pyroscope' | 'parca' | 'otel', Target>> = { pyroscope, parca, otel };
