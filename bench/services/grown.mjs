import { Script } from 'node:vm';
import { seededRandom } from '../random.mjs';

/** Arrays of so many elements make a record of some 4 KB. */
const ELEMENTS = 500;
const RECORD_BYTES = 4200;
/** Modules that are called one by another before a record is made. */
const CALLS = 8;

/** A module as a bundler would not make it: functions that call each other, and the next module's. */
const source = (n) => `
(function () {
  const known = new Set();
  function check(id) { if (id < 0) throw new RangeError('module ${n}: ' + id); return id; }
  function name(id) { return 'record ' + check(id) + ' of module ${n}'; }
  function make(id) { return { id, name: name(id), values: new Array(${ELEMENTS}).fill(id) }; }
  function load(id, path, at) {
    const next = path[at];
    const record = next === undefined ? make(id) : next.load(id, path, at + 1);
    if (known.size < 16) known.add(record.name);
    return record;
  }
  function forget() { known.clear(); }
  return { load, forget };
})()`;

/**
 * What a service has that has grown for years: many modules, and as many megabytes of records, made at as many places as there
 * are ways through the modules.
 *
 * @returns a function that replaces one of the records
 */
export function createGrown({ modules: count, megabytes }) {
  const random = seededRandom(7);
  const below = (limit) => Math.floor(random() * limit);
  const modules = Array.from({ length: count }, (_, n) => new Script(source(n), { filename: `/srv/app/modules/module-${n}.js` }).runInThisContext());
  const paths = Array.from({ length: 2 * count }, () => Array.from({ length: CALLS }, () => modules[below(count)]));
  const records = new Array(Math.round((megabytes * 1e6) / RECORD_BYTES));
  const make = (id) => {
    const path = paths[below(paths.length)];
    return path[0].load(id, path, 1);
  };
  for (let id = 0; id < records.length; id++) records[id] = make(id);
  return function replace() {
    const id = below(records.length);
    records[id] = make(id);
  };
}
