import { nameOfResource } from '../waits/resource';

/** What Node.js calls a connection that is being made, to whatever. */
const CONNECTION = 'ConnectWrap';

/**
 * Types of this thread's timers, requests and handles that keep it alive, one for each of them. Connections that are being
 * made are told apart, `TCPConnectWrap` from `PipeConnectWrap`, as their own objects are.
 */
export function activeResources(): string[] {
  const types = process.getActiveResourcesInfo();
  if (!types.includes(CONNECTION)) return types;
  const connections = activeRequests()
    .map(nameOfResource)
    .filter((name) => name.endsWith(CONNECTION));
  return types.map((type) => (type === CONNECTION ? (connections.shift() ?? type) : type));
}

/** There is no other way to them, and this one is not documented. */
function activeRequests(): object[] {
  return (process as { _getActiveRequests?(): object[] })._getActiveRequests?.() ?? [];
}
