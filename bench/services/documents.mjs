import { seededRandom } from '../random.mjs';

const ITEMS = 54;
const WORDS = ['amber', 'basalt', 'cedar', 'dune', 'ember', 'fjord', 'grove', 'harbor', 'indigo', 'juniper', 'kelp', 'lagoon'];

/** Orders of about 10 KB of JSON, all different, the same ones every time. */
export function makeDocuments(count) {
  const random = seededRandom(42);
  const below = (limit) => Math.floor(random() * limit);
  const word = () => WORDS[below(WORDS.length)];
  const item = (_, id) => ({
    id,
    sku: `${word()}-${below(1e6)}`,
    name: `${word()} ${word()} ${word()}`,
    price: below(1e5) / 100,
    quantity: 1 + below(9),
    tags: [word(), word(), word()],
    dimensions: { width: below(500), height: below(500), depth: below(500) },
    inStock: random() < 0.8,
  });
  return Array.from({ length: count }, (_, order) =>
    JSON.stringify({ order, customer: `${word()} ${word()}`, items: Array.from({ length: ITEMS }, item) }),
  );
}
