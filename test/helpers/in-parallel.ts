/** Calls `action` for each of the items, `most` of them at a time. */
export async function inParallel<Item>(items: Iterable<Item>, most: number, action: (item: Item) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await action(next.value);
  };
  await Promise.all(Array.from({ length: most }, work));
}
