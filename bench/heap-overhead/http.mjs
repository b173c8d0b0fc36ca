import { checkBudget } from '../check-budget.mjs';
import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { CONFIGURATIONS, HTTP, RATE } from './settings.mjs';

const SERVER = new URL('http-server.mjs', import.meta.url);
const LOAD = new URL('http-load.mjs', import.meta.url);

export const HTTP_METRICS = ['perSecond', 'cpuMicros', 'p50Millis', 'p99Millis'];

/** One server process for each configuration, all alive; one after the other is under load, in random order. */
export async function measureHttp({ quick, log }) {
  const settings = quick ? HTTP.quick : HTTP.full;
  const load = await Child.start(LOAD);
  const routes = Object.fromEntries(settings.routes.map((route) => [route, emptySeries()]));
  const harvestShares = [];
  for (let process = 1; process <= settings.processes; process++) {
    log(`over HTTP: server processes ${process} of ${settings.processes}`);
    const servers = await startServers();
    for (const route of settings.routes) {
      for (const { port } of servers) await load.call('run', { port, route, connections: settings.connections, millis: settings.warmUpMillis });
      const series = routes[route];
      for (const { name } of servers) for (const metric of HTTP_METRICS) series[name][metric].push([]);
      for (let slice = 0; slice < settings.slices; slice++) {
        for (const server of shuffled(servers)) {
          const measured = await measureSlice(server, load, route, settings);
          for (const metric of HTTP_METRICS) series[server.name][metric].at(-1).push(measured[metric]);
        }
      }
    }
    const { child } = servers.find(({ name }) => name === 'mprof');
    const [harvestMicros, cpuMicros] = [await child.call('harvestMicros'), await child.call('cpuMicros')];
    checkBudget({ harvestMillis: harvestMicros / 1000, cpuMillis: cpuMicros / 1000 });
    harvestShares.push(harvestMicros / cpuMicros);
    for (const server of servers) await server.child.end();
  }
  await load.end();
  return { settings, routes, harvestShares };
}

function emptySeries() {
  return Object.fromEntries(CONFIGURATIONS.map((name) => [name, Object.fromEntries(HTTP_METRICS.map((metric) => [metric, []]))]));
}

async function startServers() {
  const servers = [];
  for (const name of shuffled(CONFIGURATIONS)) {
    const child = await Child.start(SERVER, { name, rate: RATE });
    servers.push({ name, child, port: await child.call('port') });
  }
  return servers;
}

async function measureSlice({ child, port }, load, route, { connections, sliceMillis }) {
  const before = await child.call('cpuMicros');
  const { requests, ...measured } = await load.call('run', { port, route, connections, millis: sliceMillis });
  return { ...measured, cpuMicros: ((await child.call('cpuMicros')) - before) / requests };
}
