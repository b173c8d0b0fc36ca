import { BlockList, isIP } from 'node:net';
import type { Exchange } from './exchange';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a server that listens on this address is reachable from this machine only. */
export function isLoopbackAddress(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Whether a Host header names this machine, with any port. A page whose own domain resolves to 127.0.0.1 (DNS
 * rebinding) could otherwise read from a loopback server with the user's browser; it cannot change this header.
 */
export function isLoopbackHost(header: string): boolean {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::[0-9]*)?$/i.exec(header) ?? [];
  return bracketed !== undefined
    ? isIP(bracketed) === 6 && isLoopbackAddress(bracketed)
    : plain !== undefined && isLoopbackAddress(plain);
}

/**
 * Whether a browser made this request for a page of another origin, which must neither read a profile nor cause one.
 * Somebody who follows a link from another port of this machine is welcome, from another site not.
 */
export function isCrossSite({ header, host }: Exchange): boolean {
  const site = header('sec-fetch-site');
  if (site === 'cross-site' || (site === 'same-site' && header('sec-fetch-mode') !== 'navigate')) return true;
  const origin = header('origin');
  if (origin === undefined) return false;
  const own = hostOf(`http://${host}`);
  return own === undefined || own !== hostOf(origin);
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
