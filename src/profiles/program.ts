/** What the process runs: its entry script, or node's own path where there is none. */
export function program(): string {
  return process.argv[1] ?? process.execPath;
}
