// A small HTTP service as people write them: orders are taken in and quoted, sessions are kept. Two of its habits cost
// memory: every request leaves a session behind (the leak), and every quote builds a report it throws away (the churn).
// One costs time: its pool of database connections is too small.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setBlockProfileRate, setMutexProfileFraction, start } from 'mprof';
import { listen } from 'mprof/http';

const sessions = new Map();
const recentOrders = [];

class Session {
  constructor(user) {
    this.user = user;
    this.visited = [];
    this.preferences = { currency: 'EUR', locale: 'en', columns: ['id', 'item', 'quantity', 'price'] };
  }

  // The bug: sessions are never ended, and each remembers every step its user has taken.
  visit(page) {
    this.visited.push(recordTrail(page));
  }
}

function recordTrail(page) {
  const trail = [];
  for (let step = 0; step < 40; step++) trail.push({ page, step, label: `${page}#${step}` });
  return trail;
}

function openSession(user) {
  const session = new Session(user);
  sessions.set(user, session);
  return session;
}

function parseOrder(body) {
  const order = JSON.parse(body);
  return { ...order, lines: order.lines.map((line) => ({ ...line, total: line.quantity * line.price })) };
}

function rememberOrder(order) {
  recentOrders.push(order);
  if (recentOrders.length > 500) recentOrders.shift(); // bounded: not a leak
}

function buildReport(order) {
  const rows = order.lines.flatMap((line) => Array.from({ length: 40 }, (_, month) => ({ ...line, month, price: line.price * (1 + month / 100) })));
  return rows.map((row) => `${row.item};${row.month};${row.price.toFixed(2)}`).join('\n');
}

class ConnectionPool {
  #idle;
  #waiting = [];

  constructor(size) {
    this.#idle = size;
  }

  async acquire() {
    if (this.#idle > 0) this.#idle--;
    else await new Promise((resolve) => this.#waiting.push(resolve));
  }

  release() {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle++;
    else next();
  }
}

// The other bug: eight requests at a time share two connections.
const pool = new ConnectionPool(2);

async function store(order) {
  await pool.acquire();
  try {
    await sleep(2); // the database at work
  } finally {
    pool.release();
  }
  return order;
}

async function readBody(req) {
  let body = '';
  for await (const chunk of req) body += chunk;
  return body;
}

async function takeOrder(req, res) {
  const order = parseOrder(await readBody(req));
  openSession(`user-${sessions.size}`).visit(req.url);
  rememberOrder(await store(order));
  res.end(JSON.stringify({ orders: recentOrders.length }));
}

async function quote(req, res) {
  const order = parseOrder(await readBody(req));
  openSession(`user-${sessions.size}`).visit(req.url);
  res.end(JSON.stringify({ bytes: buildReport(order).length }));
}

start({ maxCapturesPerSecond: 100 });
setBlockProfileRate(100_000); // nanoseconds
setMutexProfileFraction(5);
const profiles = await listen({ port: Number(process.env.PPROF_PORT ?? 6060) });

const service = http.createServer((req, res) => {
  const route = req.url === '/orders' ? takeOrder : quote;
  route(req, res).catch((error) => res.writeHead(500).end(String(error)));
});
service.listen(0, '127.0.0.1', () => {
  process.send({ port: service.address().port, pprofPort: profiles.address().port });
});
process.on('disconnect', () => process.exit());
