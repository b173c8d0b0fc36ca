import { createServer } from 'node:http';
import { once } from 'node:events';
import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { createJsonApi } from '../services/json-api.mjs';

/* The JSON API as a service of its own, with one profiler left on. */

await serve(async ({ name, rate }) => {
  const profiler = await loadProfiler(name);
  await profiler.start(rate);
  const routes = createJsonApi();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = routes[request.url](Buffer.concat(chunks).toString());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: () => server.address().port,
    cpuMicros() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    /** CPU time of mprof's harvests so far, which is part of the above; 0 for the others. */
    harvestMicros: () => (profiler.stats?.().harvestNanos ?? 0) / 1000,
  };
});
