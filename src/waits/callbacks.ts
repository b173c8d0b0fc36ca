import { createHook, executionAsyncResource } from 'node:async_hooks';
import { native, type PrivateKey } from '../binding';
import { codedError } from '../errors';
import { currentLabels, type Labels } from '../labels/labels';
import { StackCapture } from './capture';
import { clock } from './chance';
import type { EffectiveRate } from './effective-rate';
import { frameNumbers, recordBlockFrames } from './record';
import { nameOfResource } from './resource';
import { sample } from './sample';
import type { WaitRates } from './wait-observer';

/*
 * Waits for callbacks: from the call that starts an operation to the callback that ends it. Their stack is gone by then,
 * so it has to be taken at the start, before anything is known of how long the wait will be: of a few, each of which
 * stands for the others.
 */

/** Operations that call back once. Others, such as sockets and servers, are no waits. */
const OPERATIONS = new Set([
  'FSREQCALLBACK',
  'GETADDRINFOREQWRAP',
  'GETNAMEINFOREQWRAP',
  'HASHREQUEST',
  'Immediate',
  'KEYPAIRGENREQUEST',
  'PBKDF2REQUEST',
  'PIPECONNECTWRAP',
  'PROCESSWRAP',
  'QUERYWRAP',
  'RANDOMBYTESREQUEST',
  'SCRYPTREQUEST',
  'SHUTDOWNWRAP',
  'SIGNREQUEST',
  'TCPCONNECTWRAP',
  'Timeout',
  'VERIFYREQUEST',
  'WRITEWRAP',
  'ZLIB',
]);
const CAPTURE_LIMIT = 128;

interface Started {
  began: number;
  /** How many starts this one stands for. */
  fraction: number;
  /** Numbers of the frames: the frames themselves would keep alive what is called. */
  frames: number[];
  labels: Labels | undefined;
}

type Resource = Record<PrivateKey, Started | undefined>;

/** @throws Error `ERR_MPROF_UNSUPPORTED` where Node.js cannot tell of callbacks without telling of promises */
export function checkCallbacksSupported(): void {
  if (!hooksLeaveOutPromises()) {
    throw codedError(
      'ERR_MPROF_UNSUPPORTED',
      `callbacks: true needs a Node.js whose async_hooks can leave out promises (trackPromises), which ${process.version} is not: ` +
        'it would make every await slower',
    );
  }
}

/**
 * Whether async_hooks can leave out promises. Node.js rejects contradictory options where it knows this one, and ignores
 * what it does not know.
 */
export function hooksLeaveOutPromises(): boolean {
  try {
    createHook({ init() {}, promiseResolve() {}, trackPromises: false } as object);
    return false;
  } catch {
    return true;
  }
}

/**
 * Records callback waits from now on.
 *
 * @param starts how many starts one that is captured stands for
 * @returns how to stop
 */
export function observeCallbacks({ block, labels: areLabelled }: WaitRates, starts: EffectiveRate, onFailure: () => void): () => void {
  const capture = new StackCapture();
  const { started: key } = native.newPrivateKeys('started');

  function init(_id: number, type: string, _trigger: number, resource: object): void {
    if (!OPERATIONS.has(type)) return;
    try {
      const began = clock();
      const fraction = starts.choose(began);
      if (fraction === 0) return;
      starts.captured();
      const sites = capture.take(CAPTURE_LIMIT, init).filter((site) => site.getFileName() !== null);
      (resource as Resource)[key] = { began, fraction, frames: frameNumbers(sites), labels: areLabelled ? currentLabels() : undefined };
    } catch {
      onFailure();
    }
  }

  function before(): void {
    try {
      const resource = executionAsyncResource() as Resource;
      const started = resource[key];
      if (started === undefined) return;
      // A timer may call back again, which is no wait of who has set it.
      resource[key] = undefined;
      const now = clock();
      const sampled = sample(now - started.began, block?.at(now) ?? Infinity);
      if (sampled === undefined) return;
      const { fraction, frames, labels } = started;
      const weighted = { count: sampled.count * fraction, delay: sampled.delay * fraction };
      recordBlockFrames(`${nameOfResource(resource)} callback`, frames, weighted, labels);
    } catch {
      onFailure();
    }
  }

  const hook = createHook({ init, before, trackPromises: false } as object).enable();
  return () => void hook.disable();
}
