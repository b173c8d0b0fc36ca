/**
 * The line that Go's text profiles show of a sample's labels, such as `# labels: {"route":"/v1", "tenant":"acme"}`; empty
 * for a sample without labels.
 */
export function labelLine(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${quote(key)}:${quote(value)}`);
  return pairs.length === 0 ? '' : `# labels: {${pairs.sort(byCodePoint).join(', ')}}\n`;
}

const ESCAPES: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A string as Go writes it in its source: what is not printable is escaped, and so are spaces other than the plain one. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => ESCAPES[character] ?? escape(character));
  return `"${escaped}"`;
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  // Half a character.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Go compares the bytes of UTF-8, whose order is that of code points; JavaScript that of UTF-16. */
function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  const i = left.findIndex((code, i) => code !== right[i]);
  return i < 0 ? left.length - right.length : left[i]! - (right[i] ?? -1);
}
