import { symlink, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import t from 'tap';
import { fixture, runJson } from './helpers/child';

/* That the types are found, and say what they should, whatever way a user's compiler resolves modules. */

const CONSUMER = `
import { createServer, type Server } from 'node:http';
import { cpuProfile, doWithLabels, dumpNearHeapLimit, writeProfilesOnSignal, labels, lookup, memProfile, memProfileRate, newProfile, profiles, setMemProfileRate, start, stats, stop, writeHeapProfile } from 'mprof';
import type { NearHeapLimitOptions, SignalOptions, CpuProfileOptions, Labels, CodedError, CustomProfile, ErrorCode, HeapValues, MemProfileOptions, MemProfileRecord, Profile, ProfileOptions, StackFrame, StartOptions, Stats } from 'mprof';
import { createFetchHandler, createHandler, handler, listen, type FetchHandler, type Handler, type HandlerOptions, type ListenOptions } from 'mprof/http';
import { decode, encode, gunzip, gzip, checkValid, type Profile as Decoded } from 'mprof/pprof';

const options: StartOptions = { memProfileRate: 524288, stackDepth: 64, allocsBudget: 0.02, workers: true };
start(options);
setMemProfileRate(memProfileRate());
const state: Stats['heap'] = stats().heap;
const readOptions: MemProfileOptions = { inuseZero: true, gc: true };
const records: MemProfileRecord[] = memProfile(readOptions);
const leaf: StackFrame | undefined = records[0]?.stack[0];
const values: HeapValues[] = records.map(({ estimated }) => estimated);
const code: ErrorCode = 'ERR_MPROF_SAMPLER_IN_USE';
const error = new Error() as CodedError;
if (error.code === code) stop();
async function write(): Promise<Uint8Array> {
  const heap: Profile | undefined = lookup('heap');
  const write: ProfileOptions = { debug: 1, gc: true };
  await heap?.writeTo(process.stdout, write);
  await heap?.writeTo('heap.pb.gz');
  await writeHeapProfile(process.stdout);
  for (const { name, description } of profiles()) console.log(name, description);
  const profile: Decoded = decode(await lookup('allocs')!.toBuffer());
  checkValid(profile);
  const cpuOptions: CpuProfileOptions = { seconds: 1, signal: new AbortController().signal, ref: false };
  const inForce: Labels = doWithLabels({ route: '/a' }, () => labels());
  console.log(inForce.route, await doWithLabels({}, () => cpuProfile(cpuOptions)));
  return gzip(gunzip(encode(profile)));
}
const near: NearHeapLimitOptions = { path: '/var/dumps', signal: new AbortController().signal };
dumpNearHeapLimit(near);
const onSignal: SignalOptions = { path: '.', signal: 'SIGHUP', profiles: ['heap'], onError: ({ code }) => console.error(code) };
const end: () => void = writeProfilesOnSignal(onSignal);
end();
const where: ListenOptions = { port: 0, host: '127.0.0.1' };
const connections: CustomProfile = newProfile('connections_open');
connections.add(where, 1);
connections.remove(where);
const server: Promise<Server> = listen(where);
createServer(handler);
const open: HandlerOptions<Request> = { token: 'secret', maxSeconds: 30, authorize: (request) => request.headers.has('x-who') };
const fetchHandler: FetchHandler = createFetchHandler(open);
const admin: Handler = createHandler({ prefix: '/admin', authorize: async ({ socket }) => socket.remoteAddress === '::1' });
listen({ path: '/tmp/socket', tls: { requestCert: true }, cmdline: false });
export { admin, fetchHandler, leaf, server, state, values, write };

// @ts-expect-error a number
start({ memProfileRate: '1' });
// @ts-expect-error no such option
start({ rate: 1 });
// @ts-expect-error there may be no such profile
lookup('heap').toBuffer();
// @ts-expect-error a state there is not
const other: Stats['heap'] = 'paused';
// @ts-expect-error no such option
createHandler({ port: 1 });
// @ts-expect-error text
doWithLabels({ route: 1 }, () => {});
// @ts-expect-error a stream or a path
writeHeapProfile(1);
`;

/** The programs compiled with each kind of resolution. */
const ROOTS = { node16: ['cjs.cts', 'esm.mts'], node10: ['index.ts'], bundler: ['index.ts'] };

t.test('a program that uses everything compiles', async (t) => {
  const directory = t.testdir({ 'package.json': '{ "type": "commonjs" }' });
  await mkdir(join(directory, 'node_modules'));
  await symlink(resolve('.'), join(directory, 'node_modules', 'mprof'), 'dir');
  for (const name of new Set(Object.values(ROOTS).flat())) await writeFile(join(directory, name), CONSUMER);

  const results = await runJson<Record<string, { messages: string[]; declarations: string[] }>>(fixture('compile.cjs'), {
    args: [directory, JSON.stringify(ROOTS)],
  });
  t.same(Object.keys(results), Object.keys(ROOTS));
  for (const [name, { messages, declarations }] of Object.entries(results)) {
    t.same(messages, [], name);
    for (const path of ['index', 'http/index', 'pprof/index']) {
      t.ok(declarations.includes(resolve(`dist/${path}.d.ts`)), `${name} finds dist/${path}.d.ts`);
    }
  }
});
