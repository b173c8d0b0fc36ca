import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Profile } from '../profiles/profile';
import { profiles } from '../profiles/registry';
import { escapeHtml, escapePath } from './escape';
import type { Exchange, PprofRequest } from './exchange';
import { STYLE } from './index-style';
import type { Answer } from './responses';

/** The page needs its own style and an empty icon, and nothing else, so nothing else can be smuggled in. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Lists the profiles with what is in them now, whether they are taken, and how to read them. */
export function serveIndex({ directory, exchange, settings }: PprofRequest): Answer {
  const program = escapeHtml(`${basename(process.argv[1] ?? process.execPath)}, process ${process.pid}`);
  const body = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Profiles of ${program}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Profiles of ${program}</h1>
<p>Node.js ${process.versions.node}, up for ${duration(process.uptime())}.</p>
<div class="scroll" role="region" aria-labelledby="profiles" tabindex="0">
<table>
<caption id="profiles">A name opens the profile as text, <q>file</q> is what <code>go tool pprof</code> and collectors read.</caption>
<thead><tr><th scope="col" class="count">Entries</th><th scope="col">Profile</th><th scope="col">Taken</th><th scope="col">What it shows</th></tr></thead>
<tbody>
${rows().join('\n')}
</tbody>
</table>
</div>
<h2>Read them</h2>
<p>With Go installed, on any machine that reaches this address. A click selects a line.</p>
${commands(origin(exchange) + directory).join('\n')}
<h2>Parameters</h2>
<dl>
<dt><code>seconds=N</code></dt><dd>Only what changed during the next N seconds, at most ${settings.maxSeconds}.</dd>
<dt><code>gc=1</code></dt><dd>Collects garbage before taking the heap profile.</dd>
<dt><code>debug=1</code></dt><dd>Text instead of protobuf.</dd>
<dt><code>full=1</code></dt><dd>All there is, where collectors would refuse it; of goroutines every pending await, for which the thread is stopped.</dd>
</dl>
<p>Also here: ${settings.cmdline ? '<a href="cmdline">cmdline</a>, the arguments the process was started with; ' : ''}<a
href="symbol">symbol</a>, which tells <code>go tool pprof</code> the function names of a text profile; <code>delta_heap</code>,
<code>delta_block</code> and <code>delta_mutex</code>, which tell what happened since they were last asked.</p>
</main>
</body>
</html>
`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body, headers: { 'Content-Security-Policy': POLICY } };
}

/** What is profiled on request only, and so has no entries to count. */
const CPU: Row = {
  name: 'profile',
  links: '<a href="profile">profile</a>',
  entries: '',
  state: 'while asked for',
  description: 'Where CPU time is spent, measured for 30 seconds or as long as the parameter seconds says.',
};

interface Row {
  name: string;
  /** HTML; the rest is text. */
  links: string;
  entries: string;
  state: string;
  description: string;
}

function rows(): string[] {
  return [...profiles().map(rowOf), CPU]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ links, entries, state, description }) =>
        `<tr><td class="count">${entries}</td><th scope="row">${links}</th><td>${escapeHtml(state)}</td><td>${escapeHtml(description)}</td></tr>`,
    );
}

function rowOf(profile: Profile): Row {
  const { name, description } = profile;
  const href = escapeHtml(escapePath(name));
  const label = escapeHtml(name);
  let links = `<a href="${href}?debug=1">${label}</a> <a href="${href}" aria-label="${label}, file">file</a>`;
  if (name === 'goroutine') links += ` <a href="${href}?debug=2" aria-label="${label}, every stack in full">full</a>`;
  return {
    name,
    links,
    entries: String(profile.count()),
    state: profile.state() || 'always',
    description: description || 'What the program adds to it with newProfile().',
  };
}

/** The lines to copy. The most useful ones of the profiles everybody has, and each other profile once. */
function commands(url: string): string[] {
  const known = ['heap', 'allocs', 'profile'];
  const others = profiles().filter(({ name }) => !known.includes(name));
  return [
    ['What is in use', `go tool pprof ${url}heap`],
    ['What was allocated within 30 seconds', `go tool pprof -seconds 30 ${url}allocs`],
    ['Where CPU time goes, within 30 seconds, as a flame graph', `go tool pprof -http=: ${url}profile`],
    ...others.map(({ name }) => [name, `go tool pprof ${url}${escapePath(name)}`]),
  ].map(([what = '', line = '']) => `<p class="what">${escapeHtml(what)}</p>\n<pre>${escapeHtml(line)}</pre>`);
}

function duration(seconds: number): string {
  const units: [name: string, length: number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ];
  const [name, length] = units.find(([, length]) => seconds >= length) ?? ['second', 1];
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Scheme and host as the client knows them. Anything but a plain host is not echoed into a line meant for a shell. */
function origin({ host, secure }: Exchange): string {
  return `${secure ? 'https' : 'http'}://${/^[\w.:[\]-]+$/.test(host) ? host : 'localhost'}`;
}
