import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';

/* The configuration files in the README, against what Kubernetes, Parca and Alloy document. */

const readme = readFileSync('README.md', 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);
}

t.test('annotations of a pod', async (t) => {
  const [first] = blocks('yaml');
  const { metadata, ...more } = parse(first!);
  t.same(more, {});
  const { annotations, ...others } = metadata;
  t.same(others, {});
  const expected = ['memory', 'cpu', 'goroutine', 'block', 'mutex'].flatMap((kind) => [
    [`profiles.grafana.com/${kind}.scrape`, 'true'],
    [`profiles.grafana.com/${kind}.port`, '6060'],
  ]);
  // Kubernetes refuses values that are no strings.
  t.same(annotations, Object.fromEntries(expected));
});

t.test('Parca', async (t) => {
  const [, text] = blocks('yaml');
  const { object_storage: storage, scrape_configs: jobs, ...more } = parse(text!);
  t.same(more, {}, 'Parca refuses fields it does not know');
  t.same(Object.keys(storage), ['bucket']);
  t.same(storage.bucket, { type: 'FILESYSTEM', config: { directory: './data' } });
  t.ok(jobs.length > 0);
  const known = ['job_name', 'params', 'scrape_interval', 'scrape_timeout', 'scheme', 'normalized_addresses', 'profiling_config', 'relabel_configs'];
  const http = ['basic_auth', 'authorization', 'oauth2', 'bearer_token', 'bearer_token_file', 'tls_config', 'follow_redirects'];
  for (const job of jobs) {
    t.match(job.job_name, /./);
    for (const key of Object.keys(job)) t.ok([...known, ...http, 'static_configs', 'kubernetes_sd_configs'].includes(key), key);
    for (const { targets, ...group } of job.static_configs) {
      t.same(group, {});
      for (const target of targets) t.match(target, /^[\w.-]+:\d+$/, 'an address without a path');
    }
  }
});

interface Shape {
  attributes: readonly string[];
  required?: readonly string[];
  blocks?: Readonly<Record<string, Shape>>;
}

const CLIENT = ['bearer_token', 'bearer_token_file', 'enable_http2', 'follow_redirects', 'proxy_url'];
const CLIENT_BLOCKS: Record<string, Shape> = {
  basic_auth: { attributes: ['username', 'password', 'password_file'] },
  authorization: { attributes: ['type', 'credentials', 'credentials_file'] },
  tls_config: { attributes: ['ca_file', 'cert_file', 'key_file', 'insecure_skip_verify', 'server_name'] },
};
const TARGET: Shape = { attributes: ['enabled', 'path', 'delta'] };
const KINDS = ['memory', 'block', 'goroutine', 'mutex', 'process_cpu', 'godeltaprof_memory', 'godeltaprof_mutex', 'godeltaprof_block'];

/** The components and what they take, by Alloy's reference. */
const COMPONENTS: Record<string, Shape> = {
  'pyroscope.scrape': {
    attributes: ['targets', 'forward_to', 'job_name', 'params', 'scrape_interval', 'scrape_timeout', 'delta_profiling_duration', 'scheme', ...CLIENT],
    required: ['targets', 'forward_to'],
    blocks: {
      profiling_config: { attributes: ['path_prefix'], blocks: Object.fromEntries(KINDS.map((kind) => [`profile.${kind}`, TARGET])) },
      clustering: { attributes: ['enabled'] },
      ...CLIENT_BLOCKS,
    },
  },
  'pyroscope.write': {
    attributes: ['external_labels'],
    blocks: { endpoint: { attributes: ['url', 'name', 'remote_timeout', 'headers', ...CLIENT], required: ['url'], blocks: CLIENT_BLOCKS } },
  },
};

/** All that is wrong with a configuration for Alloy; `exports` are what expressions may refer to. */
function checkAlloy(text: string): string[] {
  const problems: string[] = [];
  const labels: string[] = [];
  const open: { name: string; shape: Shape; seen: Set<string> }[] = [];
  for (const line of text.split('\n').map((line) => line.replace(/^\s*\/\/.*/, '').trim())) {
    const parent = open.at(-1);
    const [, block, label] = /^([\w.]+)(?: "(\w+)")? \{$/.exec(line) ?? [];
    const [, attribute, value] = /^(\w+) *= (.+)$/.exec(line) ?? [];
    if (line === '') continue;
    if (block !== undefined) {
      const shape = parent === undefined ? COMPONENTS[block] : parent.shape.blocks?.[block];
      if (shape === undefined || (parent === undefined) !== (label !== undefined)) problems.push(`the block ${line}`);
      if (label !== undefined) labels.push(`${block}.${label}`);
      open.push({ name: block, shape: shape ?? { attributes: [] }, seen: new Set() });
    } else if (attribute !== undefined && parent !== undefined) {
      if (!parent.shape.attributes.includes(attribute)) problems.push(`${attribute} in ${parent.name}`);
      if (parent.seen.has(attribute)) problems.push(`${attribute} twice`);
      parent.seen.add(attribute);
      // A list, an object or a string as in JSON, but for names of others' exports and = between keys and values.
      const json = value!.replace(/" = /g, '": ').replace(/\b[a-z_]+(\.[a-z_]+)+\b(?=[\],])/g, '"$&"');
      try {
        JSON.parse(json);
      } catch {
        problems.push(`the value ${value}`);
      }
    } else if (line === '}' && parent !== undefined) {
      for (const name of parent.shape.required ?? []) if (!parent.seen.has(name)) problems.push(`${name} is missing in ${parent.name}`);
      open.pop();
    } else {
      problems.push(`the line ${line}`);
    }
  }
  if (open.length > 0) problems.push(`${open.at(-1)!.name} is not closed`);
  for (const [, name] of text.matchAll(/\[(\w+\.\w+\.\w+)\.receiver\]/g)) if (!labels.includes(name!)) problems.push(`nothing exports ${name}`);
  for (const [, name] of text.matchAll(/(\w+\.\w+\.\w+)\.receiver/g)) if (!labels.includes(name!)) problems.push(`there is no ${name}`);
  return problems;
}

t.test('Alloy', async (t) => {
  const texts = blocks('alloy');
  t.equal(texts.length, 1);
  for (const text of texts) t.same(checkAlloy(text), []);
  const [text] = texts as [string];
  const wrong = (change: RegExp, into: string, problem: RegExp): unknown =>
    t.ok(checkAlloy(text.replace(change, into)).some((found) => problem.test(found)), `${problem}`, { found: checkAlloy(text.replace(change, into)) });
  wrong(/forward_to/, 'forwards_to', /^forwards_to in pyroscope\.scrape$/);
  wrong(/ +forward_to.*\n/, '', /^forward_to is missing/);
  wrong(/pyroscope\.write "default"/, 'pyroscope.write "other"', /^there is no pyroscope\.write\.default$/);
  wrong(/endpoint \{/, 'endpoints {', /^the block endpoints \{$/);
  wrong(/"shop"\}\]/, '"shop"]', /^the value /);
  wrong(/\}\n$/, '', /not closed/);
});
