import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fixture, runJson, runNode } from './helpers/child';
import { freePort } from './helpers/free-port';

/* Programs of several processes, each of which has an endpoint of its own, programs with loaders, and with vm contexts. */

const REGISTER = ['--require', 'mprof/register'];

for (const kind of ['child_process', 'cluster']) {
  t.test(`${kind}: a socket for each process`, async (t) => {
    // Not t.testdir(): the path of a socket has to be short.
    const folder = await mkdtemp(join(tmpdir(), 'mprof-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const env = { MPROF_ADDR: join(folder, '%p'), MPROF_MEM_PROFILE_RATE: '4096' };
    const seen = await runJson<[number, number[]][]>(fixture('processes.cjs'), { flags: REGISTER, args: ['sockets', kind], env });
    t.equal(seen.length, 3);
    for (const [pid, found] of seen) t.same(found, [pid], 'serves its own profile');
  });
}

t.test('cluster: ports', async (t) => {
  const { seen, ports, taken } = await runJson<{ seen: [number, number[]][]; ports: number; taken: string[] }>(fixture('processes.cjs'), {
    args: ['ports', String(await freePort())],
  });
  t.equal(ports, 2, 'port 0 is another one in each worker');
  for (const [pid, found] of seen) t.same(found, [pid], 'and none answers for the other');
  t.same(taken, ['EADDRINUSE', 'had'], 'one port is one process');
});

t.test('MPROF_ADDR where the port is taken', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stdout, stderr } = await runNode(fixture('plain.cjs'), { flags: REGISTER, env: { MPROF_ADDR: String(port) } });
  server.close();
  t.match({ code, stdout }, { code: 0, stdout: '' }, 'the program is not concerned');
  t.match(stderr, /Error: listen EADDRINUSE/);
});

t.test('MPROF_ADDR=0', async (t) => {
  const { code, stderr } = await runNode(fixture('plain.cjs'), { flags: REGISTER, env: { MPROF_ADDR: '0' } });
  t.equal(code, 0);
  t.match(stderr, /^mprof: profiles of process \d+ at http:\/\/127\.0\.0\.1:\d+\/debug\/pprof\/\n$/);
});

t.test('loaders', async (t) => {
  const directory = t.testdir({
    'hooks.mjs': `
      export async function load(url, context, next) {
        const loaded = await next(url, context);
        return url.endsWith('changed.mjs') ? { ...loaded, source: 'export default "changed"' } : loaded;
      }`,
    'register-hooks.mjs': `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`,
    'changed.mjs': 'export default "not changed"',
    'main.mjs': `
      import changed from './changed.mjs';
      import { stats, lookup } from 'mprof';
      const profile = await lookup('heap').toBuffer();
      process.stdout.write(JSON.stringify([changed, stats().heap, profile.length > 0]));`,
    node_modules: { mprof: t.fixture('symlink', process.cwd()) },
  });
  const importHooks = ['--import', join(directory, 'register-hooks.mjs')];
  for (const flags of [
    [...REGISTER, ...importHooks],
    ['--import', 'mprof/register', ...importHooks],
    [...importHooks, '--import', 'mprof/register'],
    [...REGISTER, '--no-warnings', '--loader', join(directory, 'hooks.mjs')],
  ]) {
    t.same(await runJson(join(directory, 'main.mjs'), { flags, cwd: directory }), ['changed', 'running', true], flags.map((flag) => flag.replace(directory, '')).join(' '));
  }
});

t.test('vm contexts', async (t) => {
  const seen = await runJson<{ inUse: number }>(fixture('contexts.cjs'), { flags: ['--expose-gc'] });
  const { inUse, ...others } = seen;
  t.same(others, { allocated: 220, files: ['/in/context.js'], waits: 202, cpu: true, kept: 2 }, 'what code in them does is in every profile');
  // The context that was last is still on the machine stack, or waited for.
  t.ok(inUse >= 20 && inUse < 30, `and nothing keeps contexts alive: ${inUse} objects in use`);
});
