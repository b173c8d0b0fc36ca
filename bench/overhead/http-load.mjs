import { connect } from 'node:net';
import { once } from 'node:events';
import { serve } from '../child.mjs';
import { quantile } from '../statistics.mjs';
import { makeDocuments } from '../services/documents.mjs';

/*
 * Generates load over keep-alive connections, each of which sends its next request once the last one is answered.
 * Sockets and prepared bytes instead of an HTTP client: the generator has to cost less than what it measures.
 */

const END_OF_HEAD = Buffer.from('\r\n\r\n');

await serve(async () => {
  const documents = makeDocuments(64);
  return {
    async run({ port, route, connections, millis }) {
      const requests = route === '/orders' ? documents.map((document) => request('POST', route, document)) : [request('GET', route, '')];
      const deadline = performance.now() + millis;
      const start = performance.now();
      const latencies = (await Promise.all(Array.from({ length: connections }, (_, i) => drive(port, requests, i, deadline)))).flat();
      const seconds = (performance.now() - start) / 1000;
      return {
        requests: latencies.length,
        perSecond: latencies.length / seconds,
        p50Millis: quantile(latencies, 0.5),
        p99Millis: quantile(latencies, 0.99),
      };
    },
  };
});

function request(method, route, body) {
  const head = `${method} ${route} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

/** One connection, until the deadline; gives the latency of every request in milliseconds. */
async function drive(port, requests, first, deadline) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const latencies = [];
  let next = first;
  do {
    const sent = performance.now();
    socket.write(requests[next++ % requests.length]);
    await answer(socket);
    latencies.push(performance.now() - sent);
  } while (performance.now() < deadline);
  socket.destroy();
  return latencies;
}

/** Reads one response, and fails on any that is not a success. */
function answer(socket) {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    let missing;
    const settle = (error) => {
      socket.off('data', onData).off('error', settle).off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = () => settle(new Error('the server closed the connection'));
    const onData = (chunk) => {
      if (missing === undefined) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        const text = head.latin1Slice(0, end);
        if (!text.startsWith('HTTP/1.1 200')) return settle(new Error(`the server answered ${text.split('\r\n', 1)[0]}`));
        missing = Number(/content-length: (\d+)/i.exec(text)[1]) - (head.length - end - END_OF_HEAD.length);
      } else {
        missing -= chunk.length;
      }
      if (missing === 0) settle();
    };
    socket.on('data', onData).on('error', settle).on('close', onClose);
  });
}
