/** Throws unless all measured numbers are finite and none is negative. */
export function checkSane(data, path = 'result') {
  if (typeof data === 'number' && !(Number.isFinite(data) && data >= 0)) throw new Error(`${path} is ${data}`);
  if (typeof data !== 'object') return;
  for (const [key, value] of Object.entries(data)) checkSane(value, `${path}.${key}`);
}
