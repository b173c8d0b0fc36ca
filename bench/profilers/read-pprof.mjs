import { decode } from '../../dist/pprof/index.js';

/** What the profilers call their values. */
const VALUES = {
  objects: 'inUseObjects',
  space: 'inUseBytes',
  inuse_objects: 'inUseObjects',
  inuse_space: 'inUseBytes',
  alloc_objects: 'allocObjects',
  alloc_space: 'allocBytes',
};

/** Samples of a pprof profile of which something is in use. */
export function readPprof(profile) {
  const { sample, sampleType, stringTable } = decode(profile);
  const column = sampleType.findIndex(({ type }) => VALUES[stringTable[type]] === 'inUseBytes');
  const inUse = sample.map(({ value }) => Number(value[column])).filter((bytes) => bytes > 0);
  return { samples: inUse.length, bytes: inUse.reduce((sum, bytes) => sum + bytes, 0) };
}

/** By the name of the function that has allocated it: the sums of the values that a pprof profile has. */
export function readPprofFunctions(profile) {
  const { sample, sampleType, location, function: functions, stringTable } = decode(profile);
  const values = sampleType.map(({ type }) => VALUES[stringTable[type]]);
  const names = new Map(functions.map(({ id, name }) => [id, stringTable[name]]));
  const leaves = new Map(location.map(({ id, line }) => [id, names.get(line[0]?.functionId)]));
  const sums = {};
  for (const { locationId, value } of sample) {
    const sum = (sums[leaves.get(locationId[0])] ??= Object.fromEntries(values.map((each) => [each, 0])));
    for (const [i, each] of values.entries()) sum[each] += Number(value[i]);
  }
  return sums;
}
