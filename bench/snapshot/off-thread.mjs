import { parentPort } from 'node:worker_threads';
import { takeProfile } from '../profilers/mprof.mjs';

/* A thread that writes profiles for another one. */

parentPort.on('message', async () => {
  const bytes = await takeProfile();
  parentPort.postMessage(bytes, [bytes.buffer]);
});
parentPort.postMessage('ready');
