import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { createBookingsApp } from '../services/bookings-app.mjs';
import { createBookings } from '../services/bookings.mjs';
import { CONCURRENCY } from './settings.mjs';

const require = createRequire(new URL('../services/', import.meta.url));
const BATCH = 100;

/** What is measured: what one operation is, how it is called in the report, and how to run a number of them. */
export const WORKLOADS = {
  'await-async': { label: '`await f()` of an async function that does nothing', isAwait: true, create: () => awaitAsync },
  'await-pending': { label: 'await of a promise that the next turn resolves', isAwait: true, create: () => awaitPending },
  http: { label: 'node:http', create: () => requests(createHttp(), false) },
  'http-storage': { label: 'node:http, with AsyncLocalStorage', create: () => requests(createHttp(), true) },
  fastify: { label: 'Fastify', create: () => requests(createFastify(), false) },
  'fastify-storage': { label: 'Fastify, with AsyncLocalStorage', create: () => requests(createFastify(), true) },
};

async function nothing() {}

async function awaitAsync(count) {
  for (let i = 0; i < count; i++) await nothing();
}

/** An async function, a promise and an await each; nobody waits for the function. */
function awaitPending(count) {
  const resolves = [];
  const wait = async () => {
    await new Promise((resolve) => resolves.push(resolve));
  };
  return new Promise((resolve) => {
    const turn = () => {
      for (const settle of resolves.splice(0)) settle();
      if (count <= 0) return resolve();
      for (let i = 0; i < BATCH; i++) wait();
      count -= BATCH;
      setImmediate(turn);
    };
    turn();
  });
}

/** A listener as node:http calls it, without the sockets. */
function createHttp() {
  const { inject } = require('light-my-request');
  const book = createBookings();
  const listener = async (request, response) => {
    const body = JSON.stringify(await book());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
  };
  return () => inject(listener, { url: '/' });
}

function createFastify() {
  const app = createBookingsApp();
  return () => app.inject({ url: '/' });
}

/** Several at a time, each beginning as node:http's requests do. */
function requests(request, withStorage) {
  const started = channel('http.server.request.start');
  const storage = new AsyncLocalStorage();
  const serve = () => {
    if (started.hasSubscribers) started.publish({});
    return request();
  };
  const serveOne = withStorage ? () => storage.run({}, serve) : serve;
  return async (count) => {
    let left = count;
    const client = async () => {
      while (left-- > 0) await serveOne();
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, client));
  };
}
