import type { ServerResponse } from 'node:http';
import { bytesOf, headersOf, type Answer } from './responses';

/**
 * Sends an answer, to a HEAD request without its body, and resolves when it has been sent. A client that does not read it
 * within the time loses its connection, so that it does not hold the answer in memory. Never rejects, and does nothing if the
 * client is gone or something was sent.
 */
export async function send(res: ServerResponse, answer: Answer, timeout: number): Promise<void> {
  if (res.destroyed || res.headersSent) return;
  const over = new Promise<void>((resolve) => {
    for (const event of ['finish', 'close', 'error']) res.once(event, () => resolve());
  });
  const timer = setTimeout(() => res.destroy(), timeout).unref();
  try {
    const body = bytesOf(answer);
    res.writeHead(answer.status, headersOf(answer, body.byteLength));
    if (res.req.method === 'HEAD') res.end();
    else res.end(body);
  } catch {
    // Somebody else has broken the response.
    res.destroy();
  }
  await over;
  clearTimeout(timer);
}
