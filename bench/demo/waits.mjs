// The table of waits: the stacks with the longest delay.

/** The first stacks of a decoded block or mutex profile as lines of text, the innermost frame first. */
export function formatWaits(profile, count) {
  const functions = new Map(profile.function.map((func) => [func.id, func]));
  const frames = new Map(
    profile.location.map(({ id, line: [line] }) => {
      const { name, filename } = functions.get(line.functionId);
      const file = profile.stringTable[filename].split('/').pop();
      return [id, { text: profile.stringTable[name] + (file === '' ? '' : ` (${file}:${line.line})`), own: !profile.stringTable[filename].startsWith('node:') }];
    }),
  );
  const rows = profile.sample.slice(0, count).map(({ locationId, value: [contentions, delay] }) => {
    const stack = locationId.map((id) => frames.get(id)).filter(({ own }) => own);
    return line([`${(Number(delay) / 1e9).toFixed(2)} s`, `${contentions}`], stack.map(({ text }) => text).join(' < '));
  });
  return [line(['delay', 'waits'], 'stack'), ...rows].join('\n');
}

function line(cells, text) {
  return `${cells.map((cell) => cell.padStart(11)).join('')}   ${text}`;
}
