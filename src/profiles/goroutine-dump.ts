import { finish } from '../pprof/steps';
import { stackOf, type Operation } from './operations';
import { stackReader, type StackFrame } from './stack-frame';
import { lookUpStacks } from './stack-symbols';

/*
 * Go's dump of all goroutines, of what is under way here: for people. Each operation is a block, which has a number, what it
 * waits for, for how long if that is a minute or more, and its stack.
 */

/** Blocks written; a service may have any number of timers. */
const MAX_BLOCKS = 10_000;
const MINUTE_MS = 60_000;

/** Types of resources in words people know. Others are made of the parts of their names. */
const KINDS: Record<string, string> = {
  FSReqCallback: 'file',
  FSReqPromise: 'file',
  GetAddrInfoReqWrap: 'dns lookup',
  GetNameInfoReqWrap: 'dns lookup',
  QueryReqWrap: 'dns query',
  TCPServerWrap: 'tcp accept',
  Timeout: 'timer',
};

/** Numbers that operations keep from one dump to the next. 1 is what runs. */
const numbers = new WeakMap<object, number>();
let numbered = 1;

export function writeDump(operations: readonly Operation[]): string {
  const { symbols, stack } = finish(lookUpStacks(Uint32Array.from(operations, stackOf)));
  const stacks = stackReader(symbols);
  const blocks: string[] = [];
  let left = 0;
  operations.forEach((operation, i) => {
    // What is in the sample is one operation, whatever it stands for. Resources are counted.
    const times = operation.kind === 'await' ? 1 : operation.count;
    const shown = Math.min(times, MAX_BLOCKS - blocks.length);
    // The state says what the label does that profiles have at the leaf.
    const [label, ...callers] = stacks(stack[i]!);
    const frames = (operation.kind === 'running' || operation.kind === 'await' ? callers : [label!]).map(frameLines).join('');
    for (let time = 0; time < shown; time++) blocks.push(`goroutine ${numberOf(operation)} [${stateOf(operation)}]:\n${frames}`);
    left += times - shown;
  });
  if (left > 0) blocks.push(`...and ${left} more\n`);
  return blocks.join('\n');
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
