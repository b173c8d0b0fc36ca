import { functionNames } from '../profiles/function-names';
import type { PprofRequest } from './exchange';
import { TEXT, type Answer } from './responses';

/** Largest request body in bytes, room for about 70,000 addresses. */
const MAX_BODY = 1 << 20;

/**
 * Names the functions at the addresses of a text profile. Addresses are joined by `+`, in the body of a POST and
 * otherwise in the query; those that are malformed or unknown are left out of the answer. The first line says only
 * that names are available.
 */
export async function serveSymbol({ rawQuery, exchange, settings }: PprofRequest): Promise<Answer> {
  settings.bodies.enter(exchange.over);
  const text = exchange.method === 'POST' ? await exchange.readBody(MAX_BODY) : rawQuery;
  const addresses = text
    .split('+')
    .map(parseAddress)
    .filter((address) => address !== 0);
  const names = await functionNames(addresses, exchange.over);
  let body = 'num_symbols: 1\n';
  addresses.forEach((address, row) => {
    const name = names[row];
    if (name !== undefined) body += `0x${address.toString(16)} ${toSymbol(name)}\n`;
  });
  return { status: 200, contentType: TEXT, body };
}

/**
 * A name as pprof can take it from here. A line break would end it. What stands in angle brackets pprof takes for the
 * arguments of a C++ template and drops, which leaves nothing of V8's `<instance_members_initializer>`.
 */
function toSymbol(name: string): string {
  return name.replace(/[\r\n]/g, ' ').replace(/<([^<>]*)>/g, '($1)');
}

/** An integer with Go's base prefixes; 0 for any other text and for what is beyond every address in use. */
function parseAddress(word: string): number {
  if (!/^(?:0x[0-9a-f]+|0b[01]+|0o?[0-7]+|[1-9][0-9]*)$/i.test(word)) return 0;
  const value = /^0[0-7]/.test(word) ? parseInt(word, 8) : Number(word);
  return Number.isSafeInteger(value) ? value : 0;
}
