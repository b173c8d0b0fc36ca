import { writeFile } from 'node:fs/promises';
import { readResults } from './results.mjs';

const FILE = new URL('RESULTS.md', import.meta.url);

/** Writes RESULTS.md from all results there are. */
export async function writeReport(parts) {
  const results = await readResults();
  const sections = parts
    .map((part) => ({ part, own: results.filter((result) => result.part === part.name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ part, own }) => renderPart(part, own));
  await writeFile(FILE, `# Benchmark results\n\nWritten by \`npm run bench\` from the measurements in results/.\n\n${sections.join('\n\n')}\n`);
}

/** Markdown of one part: the method once, then its results. */
export function renderPart(part, results) {
  const sections = results.map((result) => `${describe(result)}\n\n${part.report(result.data)}`);
  return `## ${part.title}\n\n${part.method.trim()}\n\n${sections.join('\n\n')}`;
}

function describe({ environment, versions }) {
  const { date, cpu, memoryGiB, system, node, v8, loadBefore, loadAfter } = environment;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `**Node ${node}** (V8 ${v8}), ${packages.join(', ')}; ${cpu}, ${memoryGiB} GiB, ${system}; ${date};
load average ${loadBefore.toFixed(2)} before, ${loadAfter.toFixed(2)} after, the benchmark's own included.`;
}
