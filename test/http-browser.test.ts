import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { newProfile, profiles, setBlockProfileRate, setMutexProfileFraction, start, stop } from 'mprof';
import { listen } from 'mprof/http';
import { backgroundOf, loadPage, needsChromium } from './helpers/chromium';
import { closeServer, fetchPath, serve } from './helpers/http-client';

/* The index page, as a browser sees it. */

let server: Server;
let url: string;

t.before(async () => {
  newProfile('example.com/connections').add({});
  newProfile(`odd <&'"name>`);
  server = await listen({ port: 0 });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debug/pprof/`;
});
t.teardown(() => closeServer(server));

/** The attributes of each element of a kind. */
function attributes(html: string, element: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<${element}\\b[^>]*? ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => unescape(value));
}

function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|#34);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"' })[name]!);
}

/** The cells of the row of a profile. */
function rowOf(html: string, name: string): string[] {
  const row = [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) => row).find((row) => row.includes(`>${name}</a>`)) ?? '';
  return [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell = '']) => unescape(cell.replace(/<[^>]*>/g, '')));
}

t.test('a browser shows the index page without a complaint', needsChromium(), async (t) => {
  const { html, console } = await loadPage(url);
  t.same(console, []);
  t.match(html, /<h1>Profiles of /);
  for (const { name } of profiles()) t.equal(rowOf(html, name.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')).length, 4, name);
  t.equal(rowOf(html, 'example.com/connections')[0], '1');

  // A page whose style is not the one that its policy allows: the test would see it.
  const page = await fetchPath(server, '/debug/pprof/');
  const altered = await serve((_, res) => {
    const policy = String(page.headers['content-security-policy']);
    res.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy }).end(page.text.replace('</style>', ' </style>'));
  });
  t.teardown(() => closeServer(altered));
  const broken = await loadPage(`http://127.0.0.1:${(altered.address() as AddressInfo).port}/`);
  t.match(broken.console.join(), /Content Security Policy/);
});

t.test('it follows what the reader prefers', needsChromium(), async (t) => {
  const [light, dark] = [await backgroundOf(url, 'light'), await backgroundOf(url, 'dark')];
  t.ok(light.every((value) => value > 200), `light: ${light}`);
  t.ok(dark.every((value) => value < 60), `dark: ${dark}`);
});

t.test('its links lead somewhere', async (t) => {
  const { text } = await fetchPath(server, '/debug/pprof/');
  const links = attributes(text, 'a', 'href');
  t.equal(new Set(links).size, links.length, 'once each');
  for (const { name } of profiles()) {
    const path = name.split('/').map((part) => encodeURIComponent(part).replaceAll("'", '%27')).join('/');
    t.ok(links.includes(path) && links.includes(`${path}?debug=1`), `${name}, as text and as a file`);
  }
  t.ok(links.includes('profile'), 'the CPU profile');
  for (const link of links) {
    const { pathname, search } = new URL(link, url);
    // A CPU profile takes as long as it is told to.
    const query = link === 'profile' ? '?seconds=1' : search;
    t.equal((await fetchPath(server, pathname + query)).status, 200, link);
  }
});

t.test('it says what is on', async (t) => {
  const states = async (): Promise<Record<string, string | undefined>> => {
    const { text } = await fetchPath(server, '/debug/pprof/');
    return Object.fromEntries(['heap', 'allocs', 'block', 'mutex'].map((name) => [name, rowOf(text, name)[2]]));
  };
  t.same(await states(), { heap: 'off', allocs: 'off', block: 'off', mutex: 'off' });
  start({ memProfileRate: 4096 });
  setBlockProfileRate(1000);
  setMutexProfileFraction(7);
  t.same(await states(), {
    heap: 'on, one sample per 4096 bytes',
    allocs: 'on, one sample per 4096 bytes',
    block: 'on, one per 1000 ns waited',
    mutex: 'on, one hand-off in 7',
  });
  stop();
  setBlockProfileRate(1);
  setMutexProfileFraction(1);
  t.same(await states(), { heap: 'off', allocs: 'off', block: 'on, every wait', mutex: 'on, every hand-off' });
  start({ memProfileRate: 1 });
  t.equal((await states()).heap, 'on, every allocation');
  stop();
  setBlockProfileRate(0);
  setMutexProfileFraction(0);
});

t.test('those who do not see it can read it', async (t) => {
  const { text, headers } = await fetchPath(server, '/debug/pprof/');
  t.match(text, /^<!DOCTYPE html>\n<html lang="en">/);
  t.equal(text.match(/<h1>/g)?.length, 1, 'one heading of the page');
  t.match(text, /<title>Profiles of [^<]+<\/title>/);
  t.equal(text.match(/<th\b/g)?.length, text.match(/<th scope="(?:col|row)"/g)?.length, 'each heading says of what');
  t.equal(text.match(/<table>/g)?.length, text.match(/<caption/g)?.length, 'each table has a caption');
  const files = [...text.matchAll(/<a ([^>]*)>file<\/a>/g)].map(([, found = '']) => found);
  t.equal(new Set(files.map((found) => /aria-label="([^"]+)"/.exec(found)?.[1])).size, profiles().length, 'each file says of which profile');
  t.notMatch(text, /<script|\son\w+=|style="/);
  t.notMatch(headers['content-security-policy'], 'unsafe');
});
