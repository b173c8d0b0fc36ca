/** Columns are a multiple of this many characters wide. */
const TAB_WIDTH = 8;

/** Text without tabs and newlines. */
export interface Cell {
  text: string;
  /** Its length in characters. */
  length: number;
}

/** Makes a cell, which may be used in many lines. */
export function cellOf(text: string): Cell {
  return { text, length: characters(text) };
}

/**
 * Aligns the cells of consecutive lines with tabs, exactly as Go's text profiles are. A line is given as its cells; all
 * but the last are followed by tabs, the last one by a newline. Lines of a single cell interrupt the columns.
 *
 * A column is a run of consecutive lines that have a further cell at that place, within a run of the column before it.
 * It is as wide as its longest cell plus one character, rounded up to a tab stop.
 */
export function alignTabs(lines: readonly (readonly Cell[])[]): string {
  return alignRun(lines, 0, lines.length, []);
}

/** Aligns lines[from] up to lines[to], which all have more cells than there are `widths`, of the columns before. */
function alignRun(lines: readonly (readonly Cell[])[], from: number, to: number, widths: readonly number[]): string {
  const column = widths.length;
  let text = '';
  for (let line = from; line < to; ) {
    const start = line;
    let width = 0;
    for (; line < to && lines[line]!.length > column + 1; line++) {
      width = Math.max(width, lines[line]![column]!.length + 1);
    }
    if (line > start) {
      text += alignRun(lines, start, line, [...widths, Math.ceil(width / TAB_WIDTH) * TAB_WIDTH]);
    } else {
      text += alignLine(lines[line++]!, widths);
    }
  }
  return text;
}

function alignLine(cells: readonly Cell[], widths: readonly number[]): string {
  const last = cells.length - 1;
  let line = '';
  for (let i = 0; i < last; i++) {
    const { text, length } = cells[i]!;
    line += text + '\t'.repeat(Math.ceil((widths[i]! - length) / TAB_WIDTH));
  }
  return `${line}${cells[last]!.text}\n`;
}

/** Code points, as Go counts them, not UTF-16 units. */
function characters(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(i) & 0xfc00) === 0xdc00;
    if (isPair) count--;
  }
  return count;
}
