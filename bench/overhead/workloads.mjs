import { createBookingsApp } from '../services/bookings-app.mjs';
import { createChurn } from '../services/churn.mjs';
import { makeDocuments } from '../services/documents.mjs';
import { createJsonApi } from '../services/json-api.mjs';

/** Requests under way at the same time, where they wait. */
const CONCURRENCY = 32;

/** By name: how the report calls it, and how to make a function that runs so many operations and notes what each took, in milliseconds. */
export const CREATE = {
  orders: { label: 'The handler of `/orders`, a JSON API, in a loop', create: () => inTurn(createOrders()) },
  bookings: { label: 'Bookings, with Fastify and 42 awaits each, 32 at a time, without sockets', create: () => sideBySide(createBookingsRequest()) },
  churn: { label: 'A job that does little but allocate', create: () => inTurn(createChurn()) },
};

function createOrders() {
  const handle = createJsonApi()['/orders'];
  const documents = makeDocuments(64);
  let next = 0;
  return () => handle(documents[next++ % documents.length]);
}

function createBookingsRequest() {
  const app = createBookingsApp();
  return () => app.inject({ url: '/' });
}

function inTurn(operation) {
  return async (count, latencies) => {
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      operation();
      latencies[i] = performance.now() - began;
    }
  };
}

function sideBySide(operation) {
  return async (count, latencies) => {
    let begun = 0;
    const client = async () => {
      while (begun < count) {
        const i = begun++;
        const began = performance.now();
        await operation();
        latencies[i] = performance.now() - began;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, client));
  };
}
