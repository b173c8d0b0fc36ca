'use strict';

// Two copies of this file are run by a test runner in one process. The first one leaves everything on, the second one finds
// it so, and switches it off. Each says in the file `log` which it is.

const assert = require('node:assert');
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const mprof = require('mprof');

const test = globalThis.test ?? require('node:test');
const kept = [];

function inTest() {
  kept.push(new Array(20_000));
}
async function waiter() {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

function objects() {
  let sum = 0;
  for (const { stack, objectSize, sampled } of mprof.memProfile({ inuseZero: true, gc: true })) {
    if (stack[0].functionName === 'inTest' && objectSize > 150_000) sum += sampled.allocObjects;
  }
  return sum;
}
function contentions() {
  const records = mprof.blockProfile().filter(({ stack }) => stack.some(({ functionName }) => functionName === 'waiter'));
  return records.reduce((sum, { contentions }) => sum + contentions, 0);
}

test('profiles', async () => {
  const isFirst = mprof.stats().heap === 'off';
  appendFileSync(join(__dirname, 'log'), isFirst ? '1' : '2');
  if (isFirst) mprof.start({ memProfileRate: 4096, maxCapturesPerSecond: 0 });
  else assert.throws(() => mprof.start(), { code: 'ERR_MPROF_ALREADY_STARTED' });
  assert.strictEqual(mprof.memProfileRate(), 4096);
  mprof.setBlockProfileRate(1);
  for (let i = 0; i < 10; i++) inTest();
  for (let i = 0; i < 3; i++) await waiter();
  assert.strictEqual(objects(), isFirst ? 10 : 20);
  assert.strictEqual(contentions(), isFirst ? 3 : 6);
  assert.throws(() => mprof.setMemProfileRate('many'), TypeError);
  assert.ok((await mprof.lookup('heap').toBuffer()).length > 0);
  assert.ok((await mprof.cpuProfile({ seconds: 0.1 })).length > 0);
  if (isFirst) return;
  mprof.setBlockProfileRate(0);
  mprof.stop();
});
