import { basename } from 'node:path';
import type { Profile } from '../profiles/profile';
import { profiles } from '../profiles/registry';
import { escapeHtml, escapePath } from './escape';
import type { Exchange, PprofRequest } from './exchange';
import type { Answer } from './responses';

/** The page needs its own style element and nothing else, so nothing else can be smuggled in. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
.count { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.6 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; user-select: all; }
`;

/** Lists the profiles with what is in them now, and how to read them. */
export function serveIndex({ directory, exchange }: PprofRequest): Answer {
  const all = profiles();
  const url = origin(exchange) + directory;
  const program = escapeHtml(`${basename(process.argv[1] ?? process.execPath)}, process ${process.pid}`);
  const body = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Profiles of ${program}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Profiles of ${program}</h1>
<table>
<thead><tr><th class="count">Entries</th><th>Profile</th><th>What it shows</th></tr></thead>
<tbody>
${all.map(row).join('\n')}
</tbody>
</table>
<p>A name opens the profile as text, “file” is what <code>go tool pprof</code> reads. It also fetches it by itself:</p>
${all.map(({ name }) => `<pre>go tool pprof ${escapeHtml(url + escapePath(name))}</pre>`).join('\n')}
<h2>Parameters</h2>
<table>
<tbody>
<tr><td><code>seconds=N</code></td><td>Only what changed during the next N seconds.</td></tr>
<tr><td><code>gc=1</code></td><td>Collects garbage before taking the heap profile.</td></tr>
<tr><td><code>debug=1</code></td><td>Text instead of protobuf.</td></tr>
</tbody>
</table>
<p>Also here: <a href="cmdline">cmdline</a>, the arguments the process was started with, and
<a href="symbol">symbol</a>, which tells <code>go tool pprof</code> the function names of a text profile.</p>
</body>
</html>
`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body, headers: { 'Content-Security-Policy': POLICY } };
}

function row(profile: Profile): string {
  const href = escapeHtml(escapePath(profile.name));
  const name = `<a href="${href}?debug=1">${escapeHtml(profile.name)}</a> (<a href="${href}">file</a>)`;
  return `<tr><td class="count">${profile.count()}</td><td>${name}</td><td>${escapeHtml(profile.description)}</td></tr>`;
}

/** Scheme and host as the client knows them. Anything but a plain host is not echoed into a line meant for a shell. */
function origin({ host, secure }: Exchange): string {
  return `${secure ? 'https' : 'http'}://${/^[\w.:[\]-]+$/.test(host) ? host : 'localhost'}`;
}
