import type { PprofRequest } from './exchange';
import { HttpError, TEXT, type Answer } from './responses';

/** The command line, its parts separated by NUL. */
export function serveCmdline({ settings }: PprofRequest): Answer {
  if (!settings.cmdline) throw new HttpError(404, 'cmdline is off; the option cmdline switches it on');
  return { status: 200, contentType: TEXT, body: process.argv.join('\0') };
}
