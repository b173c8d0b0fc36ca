import { checkBudget } from '../check-budget.mjs';
import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { CONFIGURATIONS, HTTP, QUICK_CONFIGURATIONS, SERVICES } from './settings.mjs';

const SERVER = new URL('http-server.mjs', import.meta.url);
const LOAD = new URL('http-load.mjs', import.meta.url);
const EXEC_ARGV = ['--max-old-space-size=4096'];

export const HTTP_METRICS = ['perSecond', 'cpuMicros', 'p50Millis', 'p99Millis'];

/** One server process for each configuration, all alive; one after the other is under load, in random order. */
export async function measureHttp({ quick, log }) {
  const settings = quick ? HTTP.quick : HTTP.full;
  const configurations = quick ? QUICK_CONFIGURATIONS : CONFIGURATIONS;
  const load = await Child.start(LOAD);
  const services = {};
  for (const [service, paths] of Object.entries(SERVICES)) {
    const routes = Object.fromEntries(paths.map((route) => [route, emptySeries(configurations)]));
    const harvestShares = [];
    for (let process = 1; process <= settings.processes; process++) {
      log(`${service} over HTTP, server processes ${process} of ${settings.processes}`);
      harvestShares.push(await measureServers({ service, routes, load, configurations, settings }));
    }
    services[service] = { routes, harvestShares };
  }
  await load.end();
  return { settings, services };
}

/** The share of mprof's harvests in the CPU time of its server. */
async function measureServers({ service, routes, load, configurations, settings }) {
  const servers = await startServers({ service, configurations, settings });
  for (const [route, series] of Object.entries(routes)) {
    for (const { port } of servers) await load.call('run', { port, route, connections: settings.connections, millis: settings.warmUpMillis });
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
  const longestMillis = (await child.call('longestHarvestMicros')) / 1000;
  checkBudget({ harvestMillis: harvestMicros / 1000, cpuMillis: cpuMicros / 1000, longestMillis });
  for (const server of servers) await server.child.end();
  return harvestMicros / cpuMicros;
}

function emptySeries(configurations) {
  return Object.fromEntries(configurations.map((name) => [name, Object.fromEntries(HTTP_METRICS.map((metric) => [metric, []]))]));
}

async function startServers({ service, configurations, settings: { modules, megabytes } }) {
  const servers = [];
  for (const name of shuffled(configurations)) {
    const child = await Child.start(SERVER, { name, service, modules, megabytes }, EXEC_ARGV);
    servers.push({ name, child, port: await child.call('port') });
  }
  return servers;
}

async function measureSlice({ child, port }, load, route, { connections, sliceMillis }) {
  const before = await child.call('cpuMicros');
  const { requests, ...measured } = await load.call('run', { port, route, connections, millis: sliceMillis });
  return { ...measured, cpuMicros: ((await child.call('cpuMicros')) - before) / requests };
}
