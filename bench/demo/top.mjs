// The table of functions: flat and cumulative bytes, in use and allocated.

/** Sums a decoded heap profile by function and file; the largest in use first. */
export function topFunctions(profile) {
  const column = Object.fromEntries(profile.sampleType.map(({ type }, i) => [profile.stringTable[type], i]));
  const functions = new Map(profile.function.map((func) => [func.id, func]));
  const locations = new Map(profile.location.map((location) => [location.id, functions.get(location.line[0].functionId)]));
  const rows = new Map();
  const rowOf = (func) => {
    const name = profile.stringTable[func.name];
    const file = profile.stringTable[func.filename];
    const key = `${name} ${file}:${func.startLine}`;
    if (!rows.has(key)) rows.set(key, { name, place: `${file.split('/').pop()}:${func.startLine}`, inuse: 0, alloc: 0, inuseCum: 0, allocCum: 0 });
    return rows.get(key);
  };
  for (const { locationId, value } of profile.sample) {
    const inuse = value[column.inuse_space];
    const alloc = value[column.alloc_space];
    const stack = locationId.map((id) => rowOf(locations.get(id)));
    stack[0].inuse += inuse;
    stack[0].alloc += alloc;
    // A function that calls itself is on the stack more than once, and counts once.
    for (const row of new Set(stack)) {
      row.inuseCum += inuse;
      row.allocCum += alloc;
    }
  }
  return [...rows.values()].sort((a, b) => b.inuse - a.inuse || b.alloc - a.alloc);
}

/** The first functions in use and the first allocators as lines of text. */
export function formatTop(rows, count) {
  const allocators = [...rows].sort((a, b) => b.alloc - a.alloc).slice(0, count / 2);
  const shown = [...new Set([...rows.slice(0, count), ...allocators])];
  const line = (cells, name) => `${cells.map((cell) => cell.padStart(11)).join('')}   ${name}`;
  const title = line(['inuse', 'inuse cum', 'alloc', 'alloc cum'], 'function');
  return [title, ...shown.map((row) => line([row.inuse, row.inuseCum, row.alloc, row.allocCum].map(megabytes), `${row.name} (${row.place})`))].join('\n');
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(2)} MB`;
}
