// npm run demo: starts the service of service.mjs, puts it under load, fetches its profiles over HTTP and prints what is
// in them. With --serve it stays up, for you to point your own tools at.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decode } from 'mprof/pprof';
import { formatTop, topFunctions } from './top.mjs';
import { formatWaits } from './waits.mjs';

const { values: options } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });
const REQUESTS = 6000;
const CONNECTIONS = 8;

async function startService() {
  // With --serve the profiles are where everybody looks for them; otherwise anywhere, so that nothing is in the way.
  const env = { ...process.env, PPROF_PORT: options.serve ? '6060' : '0' };
  const child = fork(fileURLToPath(new URL('service.mjs', import.meta.url)), { env });
  const [ports] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the service ended with code ${code}`))),
  ]);
  return { child, ...ports };
}

function request({ port, path, body, agent }) {
  return new Promise((resolve, reject) => {
    const req = http.request({ port, path, agent, method: body === undefined ? 'GET' : 'POST' }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => (res.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${path}: status ${res.statusCode}`))));
    });
    req.on('error', reject);
    req.end(body);
  });
}

async function load(port, requests) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const lines = Array.from({ length: 20 }, (_, i) => ({ item: `item-${i}`, quantity: 1 + (i % 5), price: 9.5 + i }));
  const body = JSON.stringify({ customer: 'ACME', lines });
  let sent = 0;
  const connection = async () => {
    while (sent < requests) {
      sent++;
      await request({ port, path: sent % 2 ? '/orders' : '/quote', body, agent });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
}

const { child, port, pprofPort } = await startService();
const base = `http://127.0.0.1:${pprofPort}/debug/pprof`;
const url = `${base}/heap`;
console.log(`A service is running; sending it ${REQUESTS} requests.`);
await load(port, REQUESTS);

const profile = decode(await request({ port: pprofPort, path: '/debug/pprof/heap?gc=1' }));
console.log(`\nHeap profile from ${url}, one sample per ${profile.period / 1024} KiB:\n`);
console.log(formatTop(topFunctions(profile), 12));
console.log(`
  inuse  what each function itself has allocated that is still in use: the leak is on top
  alloc  what it has allocated since the start, garbage included: the churn is on top
  cum    the same with everything it called

Where V8 has inlined a function, its caller stands for it.
`);
for (const [name, title] of [
  ['block', 'Block profile: where tasks have waited'],
  ['mutex', 'Mutex profile: who has kept other tasks waiting'],
]) {
  console.log(`${title}, from ${base}/${name}:\n`);
  console.log(`${formatWaits(decode(await request({ port: pprofPort, path: `/debug/pprof/${name}` })), 4)}\n`);
}

if (options.serve) {
  console.log(`Serving until you press Ctrl-C. Look around with:

  go tool pprof -top ${url}
  go tool pprof -top -sample_index=alloc_space ${url}
  go tool pprof -http=: ${url}
  go tool pprof -top -cum ${base}/block
  go tool pprof -top -cum ${base}/mutex
`);
  const trickle = setInterval(() => load(port, 20).catch(() => {}), 1000);
  await once(process, 'SIGINT');
  clearInterval(trickle);
} else {
  console.log(`To look around yourself, keep it running with  npm run demo -- --serve  and then:

  go tool pprof -http=: http://127.0.0.1:6060/debug/pprof/heap
`);
}
child.disconnect();
await once(child, 'exit');
