import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import t from 'tap';
import { fixture } from './helpers/child';
import { generateRequest, generateStalled, randomNumbers, SECRET_TEXTS, SECRETS, type GeneratedRequest } from './helpers/request-model';

/* Ten thousand requests of every kind against servers in a process of its own: right answers, no crash, no leak, no secret told. */

const REQUESTS = 10_000;
const SEED = 20_261_122;
const CONNECTIONS = 8;
const MAX_SECONDS = 1;

interface Holdings {
  connections: number;
  heap: number;
  external: number;
  resources: string[];
  warnings: string[];
}

type Random = ReturnType<typeof randomNumbers>;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How requests are sent, one after the other on one connection; the last one may stay without the end of its body. */
type Manner = 'at once' | 'in pieces' | 'left' | 'stalled';

function bytesOf({ method, target, headers, body, missing }: GeneratedRequest, random: Random): string {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers];
  if (body === undefined) return [...lines, '', ''].join('\r\n');
  if (missing > 0) return [...lines, `Content-Length: ${body.length + missing}`, '', body].join('\r\n');
  if (random(3) > 0) return [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return [...lines, 'Transfer-Encoding: chunked', '', `${chunk}0\r\n\r\n`].join('\r\n');
}

/** Reads the answers to requests of these methods. Fails where the connection ends before the last one. */
async function readStatuses(socket: Socket, methods: string[]): Promise<number[]> {
  const statuses: number[] = [];
  let rest = '';
  for await (const chunk of socket.setEncoding('latin1') as AsyncIterable<string>) {
    rest += chunk;
    for (;;) {
      const head = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(rest);
      if (!head) break;
      const length = methods[statuses.length] === 'HEAD' ? 0 : Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head[0])?.[1] ?? 0);
      if (rest.length < head[0].length + length) break;
      rest = rest.slice(head[0].length + length);
      statuses.push(Number(head[1]));
      if (statuses.length === methods.length) return statuses;
    }
  }
  return statuses;
}

t.test('whatever is asked, however', async (t) => {
  const program = [fixture('http-target.cjs'), SECRETS.token, SECRETS.username, SECRETS.password];
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '--expose-gc', ...program], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('latin1')));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value;
  const [open, closed] = JSON.parse(await nextLine()) as [open: number, closed: number];
  const holdings = async (): Promise<Holdings> => {
    child.stdin.write('\n');
    return JSON.parse(await nextLine());
  };

  const wrong: string[] = [];
  let conversations = 0;
  let sent = 0;
  let answered = 0;
  const counts = new Map<number, number>();

  async function converse(): Promise<void> {
    // Of its own: the order in which conversations end differs from run to run.
    const random = randomNumbers(SEED + Math.imul(++conversations, 0x9e3779b1));
    const target = { maxSeconds: MAX_SECONDS, secured: random(3) === 0 };
    const requests = Array.from({ length: 1 + random(12) }, () => generateRequest(random, target));
    const manner: Manner = random(150) === 0 ? 'stalled' : random(8) === 0 ? 'left' : random(8) === 0 ? 'in pieces' : 'at once';
    if (manner === 'stalled') requests.push(generateStalled(random, target));
    const bytes = Buffer.from(requests.map((request) => bytesOf(request, random)).join(''), 'latin1');
    sent += requests.length;
    const socket = connect(target.secured ? closed : open, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    if (manner === 'left') {
      socket.write(bytes.subarray(0, random(bytes.length + 1)));
      await pause(random(30));
      if (random(2) === 0) socket.resetAndDestroy();
      else socket.destroy();
      return;
    }
    const reading = readStatuses(socket, requests.map(({ method }) => method));
    if (manner !== 'in pieces') socket.write(bytes);
    else {
      const size = 1 + Math.ceil(bytes.length / 6);
      for (let at = 0; at < bytes.length; at += size) {
        socket.write(bytes.subarray(at, at + size));
        await pause(2);
      }
    }
    const statuses = await reading;
    socket.destroy();
    answered += statuses.length;
    for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
    requests.forEach(({ method, target, headers, statuses: expected }, i) => {
      if (!expected.includes(statuses[i]!)) wrong.push(`${method} ${target.slice(0, 200)} ${headers}: ${statuses[i]}, not ${expected}`);
    });
  }

  /** As many conversations as it takes, some at a time. */
  async function sendUntil(total: number): Promise<void> {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (sent < total) await converse();
      }),
    );
  }

  await sendUntil(REQUESTS / 4);
  const before = await holdings();
  await sendUntil(REQUESTS);
  const after = await holdings();
  t.comment(`${sent} requests, ${answered} answers, ${((after.heap - before.heap) / 2 ** 20).toFixed(1)} MiB more`);

  t.same(wrong.slice(0, 20), [], 'every answer has the right status');
  t.ok(answered > sent * 0.8, 'most were waited for');
  t.equal(after.connections, 0, 'no connection is left');
  t.same(after.resources, before.resources, 'nor a timer');
  const unexpected = after.warnings.filter((warning) => !/^the option authorize failed with Error( \(and \d+ more failures before\))?$/.test(warning));
  t.same(unexpected, [], 'nothing has failed inside');
  t.ok(after.warnings.length > 0, 'but for what is to fail');
  for (const status of [200, 301, 400, 401, 403, 404, 405, 408, 500, 501]) t.ok(counts.has(status), `some are answered with ${status}`);
  t.ok(after.heap - before.heap < 4 * 2 ** 20, `heap: ${before.heap}, then ${after.heap}`);
  t.ok(after.external - before.external < 4 * 2 ** 20, `external: ${before.external}, then ${after.external}`);

  const window = connect(open, '127.0.0.1');
  window.write('GET /debug/pprof/heap?seconds=1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  t.same(await readStatuses(window, ['GET']), [200], 'no place is taken by those who have left');
  window.destroy();

  child.stdin.write('end\n');
  t.same(await once(child, 'close'), [0, null]);
  t.match(errors, 'authorize failed', 'warnings are printed');
  t.same(SECRET_TEXTS.filter((secret) => (output + errors).includes(secret)), [], 'and nothing secret among them');
});
