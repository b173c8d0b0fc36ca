import { inSteps, type Steps } from '../pprof/steps';
import { textChunks } from '../pprof/text-chunks';
import { stackOf, type Operation } from './operations';
import { stackReader, type StackFrame } from './stack-frame';
import { lookUpStacks } from './stack-symbols';

/*
 * Go's dump of all goroutines, of what is under way here: for people. Each operation is a block, which has a number, what it
 * waits for, for how long if that is a minute or more, and its stack.
 */

/** Blocks written; a service may have any number of timers. */
const MAX_BLOCKS = 10_000;
/** Operations in one step: each is as much work as its stack is deep. */
const AT_ONCE = 16;
const MINUTE_MS = 60_000;

/** Types of resources in words people know. Others are made of the parts of their names. */
const KINDS: Record<string, string> = {
  FSEventWrap: 'file watch',
  FSReqCallback: 'file',
  FSReqPromise: 'file',
  GetAddrInfoReqWrap: 'dns lookup',
  GetNameInfoReqWrap: 'dns lookup',
  QueryReqWrap: 'dns query',
  SendWrap: 'udp send',
  SimpleShutdownWrap: 'shutdown',
  SimpleWriteWrap: 'write',
  StatWatcher: 'file watch',
  TCPServerWrap: 'tcp accept',
  Timeout: 'timer',
};

/** Numbers that operations keep from one dump to the next. 1 is what runs. */
const numbers = new WeakMap<object, number>();
let numbered = 1;

/** Writes the dump in chunks to be put in a row. */
export function* writeDump(operations: readonly Operation[]): Steps<Uint8Array[]> {
  const stackNumbers = new Uint32Array(operations.length);
  yield* inSteps(operations.length, (from, to) => {
    for (let i = from; i < to; i++) stackNumbers[i] = stackOf(operations[i]!);
  }, AT_ONCE);
  const { symbols, stack } = yield* lookUpStacks(stackNumbers);
  const stacks = stackReader(symbols);
  /** By the stack, as what the leaf says depends on that alone. */
  const texts: string[] = [];
  const { rows, left } = blocksOf(operations);
  let separator = '';
  const block = (i: number): string => {
    const operation = operations[i]!;
    const text = (texts[stack[i]!] ??= framesOf(operation, stacks(stack[i]!)));
    const written = `${separator}goroutine ${numberOf(operation)} [${stateOf(operation)}]:\n${text}`;
    separator = '\n';
    return written;
  };
  return yield* textChunks('', rows, block, left > 0 ? `\n...and ${left} more\n` : '', AT_ONCE);
}

/** Which operation each block is of, and how many more blocks there would be. */
function blocksOf(operations: readonly Operation[]): { rows: Uint32Array; left: number } {
  const rows: number[] = [];
  let left = 0;
  operations.forEach(({ kind, count }, i) => {
    // What is in the sample is one operation, whatever it stands for. Resources are counted.
    const times = kind === 'await' ? 1 : count;
    const shown = Math.min(times, MAX_BLOCKS - rows.length);
    for (let time = 0; time < shown; time++) rows.push(i);
    left += times - shown;
  });
  return { rows: Uint32Array.from(rows), left };
}

/** The state says what the label does that profiles have at the leaf; where resources are waited for says nothing. */
function framesOf({ kind }: Operation, [label, ...callers]: StackFrame[]): string {
  const isWithCallers = callers.length > 0 && (kind === 'running' || kind === 'await');
  return (isWithCallers ? callers : [label!]).map(frameLines).join('');
}

function numberOf({ kind, identity }: Operation): number {
  if (kind === 'running') return 1;
  if (identity === undefined) return ++numbered;
  let number = numbers.get(identity);
  if (number === undefined) numbers.set(identity, (number = ++numbered));
  return number;
}

function stateOf({ kind, age = 0, count, labels }: Operation): string {
  const parts = [KINDS[kind] ?? inWords(kind)];
  const minutes = Math.floor(age / MINUTE_MS);
  if (minutes > 0) parts.push(`${minutes} minutes`);
  if (kind === 'await' && count > 1) parts.push(`one of ${count}`);
  if (labels !== undefined) parts.push(...Object.entries(labels).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`));
  return parts.join(', ');
}

/** `TCPConnectWrap`: `tcp connect`. */
function inWords(type: string): string {
  return type
    .replace(/(?:Req|Wrap|Callback|Promise)+$/, '')
    .replace(/([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])/g, '$1$3 $2$4')
    .toLowerCase();
}

function frameLines({ functionName, fileName, line }: StackFrame): string {
  return `${functionName}()\n\t${fileName === '' ? '?' : fileName}:${line}\n`;
}
