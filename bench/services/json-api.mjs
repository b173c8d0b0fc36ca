import { createHash } from 'node:crypto';

const REMEMBERED_LINES = 20_000;
const LIGHT_BYTES = Buffer.alloc(24 * 1024, 'x');

/**
 * A small JSON API, without its HTTP: bodies in, bodies out.
 *
 * - `/orders` parses an order, indexes its items, filters and maps them to lines, remembers the lines (the last 20,000)
 *   and answers with them: what a JSON API does, and all of it allocates.
 * - `/light` hashes: it hardly allocates.
 */
export function createJsonApi() {
  const lines = new Map();
  // Oldest first, from `next` on. To ask the map for its first key takes it, at worst, as long as it has entries: what a request
  // costs would depend on when the map was last tidied up.
  const keys = new Array(REMEMBERED_LINES);
  let next = 0;
  let requests = 0;

  function remember(key, line) {
    if (keys[next] !== undefined) lines.delete(keys[next]);
    keys[next] = key;
    next = (next + 1) % REMEMBERED_LINES;
    lines.set(key, line);
  }

  function order(body) {
    const { customer, items } = JSON.parse(body);
    const request = requests++;
    const byId = new Map(items.map((item) => [item.id, item]));
    const available = items
      .filter(({ inStock }) => inStock)
      .map(({ id, name, price, quantity, tags }) => ({
        id,
        label: `${name} x ${quantity}`,
        total: price * quantity,
        tags: tags.map((tag) => tag.toUpperCase()),
        volume: volume(byId.get(id).dimensions),
      }));
    for (const line of available) remember(`${request}/${line.id}`, line);
    return JSON.stringify({ request, customer, lines: available, total: available.reduce((sum, { total }) => sum + total, 0) });
  }

  function light() {
    const digest = createHash('sha256').update(LIGHT_BYTES).digest('hex');
    return JSON.stringify({ digest: createHash('sha256').update(LIGHT_BYTES).update(digest).digest('hex') });
  }

  return { '/orders': order, '/light': light };
}

function volume({ width, height, depth }) {
  return width * height * depth;
}
