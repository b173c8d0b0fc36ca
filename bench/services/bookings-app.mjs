import { createRequire } from 'node:module';
import { createBookings } from './bookings.mjs';

const require = createRequire(import.meta.url);

/** The bookings as a Fastify application. */
export function createBookingsApp() {
  const app = require('fastify')();
  const book = createBookings();
  app.get('/', async () => book());
  return app;
}
