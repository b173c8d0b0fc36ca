/** A number with three significant digits, or with none behind the point where it is large. */
export function figure(value) {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}

/** A ratio, with its interval. */
export function ratio({ median, low, high }) {
  return `${median.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

export function percent(share) {
  return `${(share * 100).toFixed(2)} %`;
}

export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
