#!/usr/bin/env node
import { CommandError, UsageError } from './command-error';
import * as diff from './diff';
import * as top from './top';
import { VERSION } from '../version';

interface Command {
  summary: string;
  help: string;
  /** What to print. */
  run(args: readonly string[]): Promise<string>;
}

const COMMANDS: Record<string, Command> = { top, diff };

const HELP = `mprof: reads profiles of Node.js and Go programs

${Object.entries(COMMANDS).map(([name, { summary }]) => `  mprof ${name.padEnd(6)} ${summary}`).join('\n')}

mprof COMMAND --help tells more. Exit codes: 0; 1 where something could not be done; 2 for a wrong call.`;

/** What the command prints, on which stream, and its exit code. */
async function main([name, ...args]: readonly string[]): Promise<{ code: number; out?: string; error?: string }> {
  if (name === undefined) return { code: 2, error: HELP };
  if (name === '--help' || name === '-h' || name === 'help') return { code: 0, out: HELP };
  if (name === '--version') return { code: 0, out: VERSION };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return { code: 2, error: `mprof: there is no command "${name}"\n\n${HELP}` };
  if (args.includes('--help') || args.includes('-h')) return { code: 0, out: command.help };
  try {
    return { code: 0, out: await command.run(args) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { code: error instanceof UsageError ? 2 : 1, error: `mprof ${name}: ${error.message}` };
  }
}

process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as head.
  if (code === 'EPIPE') return;
  process.stderr.write(`mprof: ${message}\n`);
  process.exitCode = 1;
});
void main(process.argv.slice(2)).then(({ code, out, error }) => {
  if (out !== undefined) process.stdout.write(`${out}\n`);
  if (error !== undefined) process.stderr.write(`${error}\n`);
  process.exitCode = code;
});
