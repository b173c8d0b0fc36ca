import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../child.mjs';
import { shuffled } from '../random.mjs';
import { buildGoEncoder, runGoEncoder } from './go-encoder.mjs';
import { RATE } from './settings.mjs';

const CHILD = new URL('encode-child.mjs', import.meta.url);

/** The same profile written by several encoders, uncompressed: CPU milliseconds by encoder, process and round. */
export async function measureEncoders(settings, log) {
  const folder = await mkdtemp(join(tmpdir(), 'mprof-bench-'));
  try {
    const program = join(folder, 'go-encoder');
    const hasGo = await buildGoEncoder(program);
    const sizes = [];
    for (const stacks of settings.stacks) {
      log(`encoders, ${stacks} stacks`);
      sizes.push(await measureSize({ stacks, settings, folder, program: hasGo ? program : undefined }));
    }
    return sizes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureSize({ stacks, settings: { processes, rounds, encodings }, folder, program }) {
  const millis = {};
  let length;
  for (let process = 0; process < processes; process++) {
    const child = await Child.start(CHILD, { stacks, rate: RATE }, ['--expose-gc', '--max-old-space-size=4096']);
    const bytes = Buffer.from(await child.call('bytes'), 'base64');
    length = bytes.length;
    const file = join(folder, 'profile.pb');
    await writeFile(file, bytes);
    const encoders = Object.fromEntries((await child.call('names')).map((name) => [name, () => child.call('block', { name, times: encodings })]));
    if (program !== undefined) encoders.go = () => runGoEncoder(program, file, encodings);
    for (const name of Object.keys(encoders)) (millis[name] ??= []).push([]);
    for (let round = 0; round < rounds; round++) {
      for (const [name, measure] of shuffled(Object.entries(encoders))) millis[name].at(-1).push(await measure());
    }
    await child.end();
  }
  return { stacks, bytes: length, millis };
}
