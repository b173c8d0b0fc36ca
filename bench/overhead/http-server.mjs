import { createServer } from 'node:http';
import { once } from 'node:events';
import { serve } from '../child.mjs';
import { loadProfiler } from '../profilers/index.mjs';
import { createBookingsApp } from '../services/bookings-app.mjs';
import { createGrown } from '../services/grown.mjs';
import { createJsonApi } from '../services/json-api.mjs';
import { configurationOf } from './settings.mjs';

/** Records that a request replaces, in the service that has grown. */
const REPLACED = 4;

/** By name: makes a listening server. */
const SERVICES = { json: () => listen(createJsonApi()), bookings: listenWithFastify, grown: listenGrown };

/* A service with one profiler left on. */
await serve(async ({ name, service, ...size }) => {
  const { profiler: profilerName, rate } = configurationOf(name);
  const profiler = await loadProfiler(profilerName);
  await profiler.start(rate);
  const server = await SERVICES[service](size);
  return {
    port: () => server.address().port,
    cpuMicros() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    /** CPU time of mprof's harvests so far, which is part of the above; 0 for the others. */
    longestHarvestMicros: () => (profiler.stats?.().longestHarvestNanos ?? 0) / 1000,
    harvestMicros: () => (profiler.stats?.().harvestNanos ?? 0) / 1000,
  };
});

async function listen(routes) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = routes[request.url](Buffer.concat(chunks).toString());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function listenWithFastify() {
  const app = createBookingsApp();
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server;
}

function listenGrown(size) {
  const replace = createGrown(size);
  const { '/orders': order } = createJsonApi();
  return listen({
    '/orders'(body) {
      for (let i = 0; i < REPLACED; i++) replace();
      return order(body);
    },
  });
}
