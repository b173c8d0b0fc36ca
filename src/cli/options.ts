import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './outcome';
import { readProfile, type SourceOptions } from './source';
import type { Profile } from '../pprof';

/** Options of all commands that show functions. */
export const TABLE = {
  sample_index: { type: 'string' },
  focus: { type: 'string' },
  nodecount: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
} as const;

/** Options of how to ask a URL. */
export const ASKING = {
  header: { type: 'string', multiple: true, default: [] as string[] },
  seconds: { type: 'string' },
} as const;

export const TABLE_HELP = `  --sample_index NAME   what is shown: one of the profile's values, by name or number, such as alloc_space
  --focus REGEX         only stacks with a function whose name matches
  --nodecount N         how many functions, 20 by default, 0 for all
  --json                print JSON, with all functions, instead of a table`;

export const ASKING_HELP = `  --seconds N           ask the URL for what changes within that time
  --header 'K: V'       send this with requests, for instance an Authorization; may be repeated`;

export interface TableOptions {
  sampleIndex: string | undefined;
  focus: RegExp | undefined;
  nodeCount: number;
  isJson: boolean;
}

export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** What has been given for the options in TABLE. */
export function tableOptions(values: Values): TableOptions {
  const { sample_index: sampleIndex, focus, nodecount, json } = values as { sample_index?: string; focus?: string; nodecount: string; json: boolean };
  return {
    sampleIndex,
    focus: focus === undefined ? undefined : expression(focus),
    nodeCount: wholeNumber('--nodecount', nodecount, 0) || Infinity,
    isJson: json,
  };
}

/** What has been given for the options in ASKING. */
export function askingOptions(values: Values): SourceOptions {
  const { header, seconds } = values as { header: string[]; seconds?: string };
  return { headers: header, seconds: seconds === undefined ? undefined : wholeNumber('--seconds', seconds, 1), onWait: showProgress, onAnswer: clearProgress };
}

/** Reads sources as has been given for these. */
export function reader(values: Values): (source: string) => Promise<Profile> {
  const options = askingOptions(values);
  return (source) => readProfile(source, options);
}

/** @throws UsageError */
export function parse(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > Number.MAX_SAFE_INTEGER) {
    throw new UsageError(`${name} must be an integer of at least ${least}, got "${text}"`);
  }
  return Number(text);
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`--focus: ${(error as Error).message}`);
  }
}

/** On a terminal, how long an answer has been waited for. */
function showProgress(seconds: number, ofSeconds: number | undefined): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${ofSeconds === undefined ? 'waiting' : 'recording'}: ${seconds}${ofSeconds === undefined ? '' : ` of ${ofSeconds}`} s `);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
