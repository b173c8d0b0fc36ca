import { parseArgs } from 'node:util';
import { throwIfExceeded } from './check-budget.mjs';
import * as overhead from './overhead/index.mjs';
import * as accuracy from './accuracy/index.mjs';
import { describeEnvironment, loadAverage } from './environment.mjs';
import { checkSane } from './check-sane.mjs';
import * as growth from './growth/index.mjs';
import { installPackages, packageVersions } from './install.mjs';
import { renderPart, writeReport } from './report.mjs';
import { saveResult } from './results.mjs';
import * as onRequest from './on-request/index.mjs';
import * as snapshot from './snapshot/index.mjs';
import * as waits from './waits/index.mjs';

/*
 * npm run bench                    all parts, then RESULTS.md
 * npm run bench -- snapshot        one part
 * npm run bench -- --quick         a minute instead of an hour; writes nothing, checks that everything works
 *
 * Measures the Node.js it is run with: `/path/to/node bench/run.mjs` for another one, after building mprof for it.
 */

const PARTS = [overhead, snapshot, accuracy, waits, onRequest, growth];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } });
const unknown = positionals.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}"; there are ${PARTS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

installPackages();
for (const part of PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const loadBefore = loadAverage();
  const data = await part.measure({ quick: values.quick, log: (text) => console.error(`${part.name}: ${text}`) });
  checkSane(data);
  const environment = { ...describeEnvironment(), loadBefore, loadAfter: loadAverage() };
  const result = { part: part.name, environment, versions: packageVersions(part.packages), data };
  console.log(renderPart(part, [result]));
  if (!values.quick) await saveResult(result);
}
if (!values.quick) await writeReport(PARTS);
throwIfExceeded();
