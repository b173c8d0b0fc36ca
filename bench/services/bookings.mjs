/**
 * A service that waits for a database: 42 awaits for each booking, most of them nested, as in layered code. The database
 * answers from setImmediate(), now and then from a timer, through a small pool of connections; a mutex for each product
 * makes some bookings wait for others.
 */
export function createBookings() {
  const database = createDatabase(16);
  const locks = Array.from({ length: 8 }, createMutex);
  const settings = { currency: 'EUR' };
  let bookings = 0;

  async function find(table, id, isSlow = false) {
    const row = await database.query(isSlow);
    return { ...JSON.parse(row), table, id };
  }

  async function readSettings() {
    return settings;
  }

  async function price(items) {
    let total = 0;
    for (const { id } of items.slice(0, 2)) total += (await find('prices', id)).cents;
    return total;
  }

  async function reserve(product) {
    const lock = locks[product % locks.length];
    await lock.acquire();
    try {
      return await find('stock', product);
    } finally {
      lock.release();
    }
  }

  const publish = () => new Promise((resolve) => setImmediate(resolve));

  return async function book() {
    const booking = bookings++;
    const user = await find('users', booking, true);
    const { currency } = await readSettings();
    const cart = await find('carts', user.id);
    const items = await Promise.all([1, 2, 3, 4].map((id) => find('items', id)));
    const total = await price(items);
    const stock = await reserve(booking);
    const saved = await find('bookings', booking, true);
    await publish();
    return { booking: saved.id, user: user.name, cart: cart.id, items: items.map(({ id, name }) => ({ id, name })), stock: stock.cents, total, currency };
  };
}

const ROW = JSON.stringify({ name: 'Something to be had', cents: 1995, tags: ['new', 'small', 'blue'], text: 'x'.repeat(200) });

function createDatabase(connections) {
  const pool = createPool(connections);
  return {
    async query(isSlow) {
      await pool.acquire();
      try {
        return await answer(isSlow);
      } finally {
        pool.release();
      }
    },
  };
}

function answer(isSlow) {
  return new Promise((resolve) => {
    if (isSlow) setTimeout(resolve, 1, ROW);
    else setImmediate(resolve, ROW);
  });
}

function createPool(size) {
  const waiting = [];
  let free = size;
  return {
    acquire() {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free--;
      return Promise.resolve();
    },
    release() {
      if (waiting.length > 0) waiting.shift()();
      else free++;
    },
  };
}

const createMutex = () => createPool(1);
