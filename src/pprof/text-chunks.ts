import { inSteps, type Steps } from './steps';

const encoder = new TextEncoder();
/** Records in one step; each is some lines. */
const RECORDS = 64;

/** Comments as lines that readers of all text forms skip. */
export function commentLines(comments: readonly string[] = []): string {
  return comments.map((comment) => `# ${comment.replace(/[\n\r]/g, ' ')}\n`).join('');
}

/**
 * Text in UTF-8, in chunks to be put in a row: first `head`, then what `record` gives for each of the rows, then `tail`.
 *
 * @param records so many in one step
 */
export function* textChunks(
  head: string,
  rows: Uint32Array,
  record: (row: number) => string,
  tail = '',
  records = RECORDS,
): Steps<Uint8Array[]> {
  const chunks = [encoder.encode(head)];
  yield* inSteps(rows.length, (from, to) => {
    let text = '';
    for (let i = from; i < to; i++) text += record(rows[i]!);
    chunks.push(encoder.encode(text));
  }, records);
  chunks.push(encoder.encode(tail));
  return chunks;
}
