#!/usr/bin/env node
import * as diff from './diff';
import * as dump from './dump';
import { CommandError, UsageError, type Outcome } from './outcome';
import * as run from './run';
import * as top from './top';
import { VERSION } from '../version';

interface Command {
  summary: string;
  help: string;
  /** A text is what to print where all has been done. */
  run(args: readonly string[]): Promise<string | Outcome>;
}

const COMMANDS: Record<string, Command> = { run, top, diff, dump };

const HELP = `mprof: profiles Node.js programs, and reads profiles of theirs and Go's

${Object.entries(COMMANDS).map(([name, { summary }]) => `  mprof ${name.padEnd(6)} ${summary}`).join('\n')}

mprof COMMAND --help tells more. Exit codes: 0; 1 where something could not be done; 2 for a wrong call.`;

/** What the command prints, on which stream, and its exit code. */
async function main([name, ...args]: readonly string[]): Promise<Outcome> {
  if (name === undefined) return { code: 2, error: HELP };
  if (name === '--help' || name === '-h' || name === 'help') return { code: 0, out: HELP };
  if (name === '--version') return { code: 0, out: VERSION };
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return { code: 2, error: `mprof: there is no command "${name}"\n\n${HELP}` };
  // What is behind -- is somebody else's.
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (own.includes('--help') || own.includes('-h')) return { code: 0, out: command.help };
  try {
    const done = await command.run(args);
    return typeof done === 'string' ? { code: 0, out: done } : done;
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
