/** A name for what a callback is called for: that of its class, such as `Timeout`. */
export function nameOfResource(resource: object): string {
  const name: unknown = (resource as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== 'Object' && name !== '' ? name : 'callback';
}
