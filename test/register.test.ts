import { request } from 'node:http';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { fixture, runJson, runNode, UNOPTIMISED } from './helpers/child';

/* Programs that know nothing of the profiler, and their worker threads. */

interface Seen {
  registered: string;
  work: string[];
  heap: [allocated: number, inUse: number];
  rates: object[];
  ended: [allocated: number, inUse: number];
  waits: number[];
  restored: boolean;
  sameModule?: boolean;
  isWorker?: boolean;
}

const RATES = { MPROF_MEM_PROFILE_RATE: '4096', MPROF_BLOCK_PROFILE_RATE: '1' };
const FLAGS = [...UNOPTIMISED, '--expose-gc'];

function checkWorkers(t: Test, { work, heap, rates, ended, waits }: Seen): void {
  t.same(work, ['done', 'done']);
  // Arrays so large that each is sampled: that one is not has a chance of exp(-39).
  t.same(heap, [200, 200], 'the main thread sees what workers allocate and keep');
  t.same(rates, Array(3).fill({ flags: 0, heap: 'running', rate: 4096, fraction: 3 }), 'workers follow a change of rate, and begin with what is set');
  t.same(ended, [200, 0], 'what workers have allocated stays, and nothing of it is in use');
  // Longer than the rate at which the bound on captures begins.
  t.equal(waits.reduce((a, b) => a + b, 0), 2, 'their waits are in the same profile');
}

for (const flag of ['--require', '--import']) {
  t.test(`${flag} mprof/register`, async (t) => {
    const seen = await runJson<Seen>(fixture('shared.cjs'), { flags: [...FLAGS, flag, 'mprof/register'], args: ['register'], env: RATES });
    t.equal(seen.registered, 'running');
    checkWorkers(t, seen);
  });
}

t.test('start({ workers: true })', async (t) => {
  const seen = await runJson<Seen>(fixture('shared.cjs'), { flags: FLAGS, args: ['workers'] });
  t.equal(seen.registered, 'off');
  checkWorkers(t, seen);
  t.equal(seen.sameModule, true, 'for ES modules as well');
  t.equal(seen.isWorker, true, 'workers are what they are otherwise');
  t.equal(seen.restored, true, 'stop() puts the constructor back');
});

t.test('settings that threads change at the same moment', async (t) => {
  const rates = await runJson<number[][]>(fixture('at-once.cjs'), { args: ['10'] });
  t.equal(rates.length, 10);
  for (const all of rates) t.equal(new Set(all).size, 1, `are the same in all of them then: ${all}`);
});

t.test('settings that are changed out of turn', async (t) => {
  const running = ['running', 4096];
  for (const [scenario, expected] of [
    ['workers', [...running, 0, 0]],
    ['started after another one has stopped', [...running, 1001, 0]],
    ['behind', [...running, 1001, 7]],
    ['with a full mailbox', [...running, 1001, 0]],
  ] as const) {
    t.same(await runJson(fixture('sharing.cjs'), { args: [scenario] }), [expected, expected], scenario);
  }
});

t.test('flags of the program', async (t) => {
  const directory = t.testdir({
    'preload.cjs': 'globalThis.preloaded = true;',
    'main.cjs': `
      const { Worker } = require('node:worker_threads');
      require(${JSON.stringify(resolve('.'))}).start({ workers: true });
      const code = "require('node:worker_threads').parentPort.postMessage([globalThis.preloaded, process.execArgv])";
      new Worker(code, { eval: true }).on('message', (seen) => process.stdout.write(JSON.stringify([seen, process.execArgv])));
    `,
  });
  const flags = ['--title', 'x', '--max-old-space-size=200', '--require', join(directory, 'preload.cjs'), '--no-warnings'];
  const [[preloaded, inWorker], inMain] = await runJson<[[boolean, string[]], string[]]>(join(directory, 'main.cjs'), { flags });
  t.equal(preloaded, true, 'are those of workers, too');
  t.same(inWorker, inMain, 'and what workers see of them is the same');
});

t.test('a worker that may not load addons', async (t) => {
  const directory = t.testdir({
    'main.cjs': `
      const { Worker } = require('node:worker_threads');
      require(${JSON.stringify(resolve('.'))}).start({ workers: true });
      const code = "require('node:worker_threads').parentPort.postMessage('runs')";
      new Worker(code, { eval: true, execArgv: ['--no-addons'] }).on('message', (seen) => process.stdout.write(JSON.stringify(seen)));
    `,
  });
  t.equal(await runJson(join(directory, 'main.cjs')), 'runs');
});

t.test('what cannot be done is a warning', async (t) => {
  for (const [env, warning] of [
    [{ MPROF_MEM_PROFILE_RATE: 'many' }, /RangeError: MPROF_MEM_PROFILE_RATE must be an integer, got "many"/],
    [{ MPROF_MEM_PROFILE_RATE: '-1' }, /memProfileRate must be a non-negative integer, got -1/],
    [{ MPROF_ADDR: '0.0.0.0:6060' }, /host must be a loopback address/],
    [{ MPROF_ADDR: '/no/such/folder/socket' }, /ENOENT|EACCES/],
  ] as const) {
    const { code, stdout, stderr } = await runNode(fixture('plain.cjs'), { flags: ['--require', 'mprof/register'], env });
    t.equal(code, 0, `${JSON.stringify(env)}: the program is not concerned`);
    t.equal(stdout, '');
    t.match(stderr, warning);
  }
});

t.test('MPROF_ADDR', async (t) => {
  const path = join(t.testdir(), 'socket');
  const status = await new Promise((resolve, reject) => {
    const child = runNode(fixture('plain.cjs'), {
      args: ['running'],
      flags: ['--require', 'mprof/register'],
      env: { MPROF_ADDR: path },
      onOutput: (_, running) => {
        request({ socketPath: path, path: '/debug/pprof/heap' }, (res) => {
          res.resume();
          res.on('end', () => resolve(res.statusCode));
          running.kill('SIGKILL');
        })
          .on('error', reject)
          .end();
      },
    });
    child.catch(reject);
  });
  t.equal(status, 200, 'the profiles are served where it says');
  const { code } = await runNode(fixture('plain.cjs'), { flags: ['--require', 'mprof/register'], env: { MPROF_ADDR: `${path}2` } });
  t.equal(code, 0, 'which does not keep the process alive');
});
