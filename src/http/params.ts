/** Query parameters by Go's rules: the first value of a name wins, and a pair that cannot be read does not count. */
export function parseQuery(rawQuery: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = unescapeQuery(equals === -1 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined || params.has(name)) continue;
    params.set(name, value);
  }
  return params;
}

/** A base-10 integer with an optional sign, or undefined for any other text. */
export function parseInteger(text: string): bigint | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : undefined;
}

/** Undoes percent escapes; undefined if one of them is malformed. Bytes that are not UTF-8 become U+FFFD. */
export function unescapePercent(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function unescapeQuery(text: string): string | undefined {
  return unescapePercent(text.replaceAll('+', ' '));
}
