/**
 * `mprof/pprof`: reads and writes profiles in the pprof format. Works on bytes and plain objects alone, in any
 * JavaScript environment; the rest of mprof is not needed.
 *
 * @example
 * const profile = decode(await readFile('heap.pb.gz'));
 * const space = profile.sampleType.findIndex(({ type }) => profile.stringTable[Number(type)] === 'inuse_space');
 * console.log(profile.sample.reduce((sum, { value }) => sum + Number(value[space]), 0));
 */
export { checkValid } from './check-valid';
export { decode } from './decode';
export { encode } from './encode';
export { gunzip, gzip } from './gzip';
export type {
  Func,
  Init,
  Int64,
  Label,
  Line,
  Location,
  Mapping,
  Profile,
  Sample,
  ValueType,
} from './message';
