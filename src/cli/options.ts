import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './command-error';
import { readProfile, type SourceOptions } from './source';
import type { Profile } from '../pprof';

/** Options of all commands that show profiles. */
const SHOWING = {
  sample_index: { type: 'string' },
  focus: { type: 'string' },
  nodecount: { type: 'string', default: '20' },
  header: { type: 'string', multiple: true, default: [] as string[] },
  seconds: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const SHOWING_HELP = `  --sample_index NAME   what is shown: one of the profile's values, by name or number, such as alloc_space
  --focus REGEX         only stacks with a function whose name matches
  --nodecount N         how many functions, 20 by default, 0 for all
  --seconds N           ask the URL for what changes within that time
  --header 'K: V'       send this with requests, for instance an Authorization; may be repeated
  --json                print JSON, with all functions, instead of a table`;

export interface Showing {
  sampleIndex: string | undefined;
  focus: RegExp | undefined;
  nodeCount: number;
  isJson: boolean;
  read(source: string): Promise<Profile>;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** Arguments of a command; `more` are options of its own. */
export function parseShowing(
  args: readonly string[],
  more: NonNullable<ParseArgsConfig['options']>,
): { showing: Showing; values: Values; sources: string[] } {
  const { values, positionals } = parse(args, { ...SHOWING, ...more });
  const { sample_index: sampleIndex, focus, nodecount, header, seconds, json } = values as {
    sample_index?: string;
    focus?: string;
    nodecount: string;
    header: string[];
    seconds?: string;
    json: boolean;
  };
  const source: SourceOptions = { headers: header, seconds: seconds === undefined ? undefined : wholeNumber('--seconds', seconds, 1), onWait: showProgress };
  return {
    showing: {
      sampleIndex,
      focus: focus === undefined ? undefined : expression(focus),
      nodeCount: wholeNumber('--nodecount', nodecount, 0) || Infinity,
      isJson: json,
      read: (from) => readProfile(from, source).finally(clearProgress),
    },
    values,
    sources: positionals,
  };
}

function parse(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>): { values: Values; positionals: string[] } {
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
