const ROWS = 200;
const REMEMBERED = 64;

/** A job that does little but allocate: rows of small objects, strings, arrays and maps, of which it keeps one in ten for a while. */
export function createChurn() {
  const remembered = new Array(REMEMBERED);
  let jobs = 0;
  return function job() {
    const number = jobs++;
    const rows = Array.from({ length: ROWS }, (_, id) => ({ id, name: `row ${number}/${id}`, values: [id, id * 2, id / 3], seen: new Map([[id, number]]) }));
    const total = rows.map(({ values }) => values.reduce((sum, value) => sum + value)).reduce((sum, value) => sum + value);
    remembered[number % REMEMBERED] = rows.filter(({ id }) => id % 10 === 0);
    return total;
  };
}
