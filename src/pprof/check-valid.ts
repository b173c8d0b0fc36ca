import { codedError } from '../errors';
import type { Int64, Profile, ValueType } from './message';

/**
 * Checks what a profile's messages say about each other, by the rules of the Go tool: each sample has one value for
 * each sample type, ids are unique and not 0, and whatever is referred to by id or by string row exists. Returns when
 * all is well.
 *
 * @throws ERR_MPROF_INVALID_PROFILE with the first thing that is wrong.
 */
export function checkValid(profile: Profile): void {
  checkStrings(profile);
  const mappings = idsOf('mapping', profile.mapping);
  const functions = idsOf('function', profile.function);
  const locations = idsOf('location', profile.location);
  for (const { id, mappingId, line } of profile.location) {
    if (mappingId !== 0 && !mappings.has(mappingId)) {
      fail(`location ${id} lies in mapping ${mappingId}, which is missing`);
    }
    for (const { functionId } of line) {
      if (!functions.has(functionId)) fail(`location ${id} is in function ${functionId}, which is missing`);
    }
  }
  if (profile.sampleType.length === 0 && profile.sample.length > 0) fail('it has samples but no sample types');
  profile.sample.forEach(({ locationId, value }, i) => {
    if (value.length !== profile.sampleType.length) {
      fail(`sample ${i} has ${value.length} values, not ${profile.sampleType.length} as there are sample types`);
    }
    for (const id of locationId) {
      if (!locations.has(id)) fail(`sample ${i} refers to location ${id}, which is missing`);
    }
  });
}

function idsOf(what: string, entries: readonly { id: Int64 }[]): Set<Int64> {
  const ids = new Set<Int64>();
  for (const { id } of entries) {
    if (id === 0) fail(`a ${what} has the id 0`);
    if (ids.has(id)) fail(`two ${what}s have the id ${id}`);
    ids.add(id);
  }
  return ids;
}

function checkStrings(profile: Profile): void {
  const rows = profile.stringTable.length;
  const check = (row: Int64, what: string): void => {
    if (row < 0 || row >= rows) fail(`${what} is string ${row}, but there are ${rows} strings`);
  };
  const checkType = ({ type, unit }: ValueType, what: string): void => {
    check(type, `the type of ${what}`);
    check(unit, `the unit of ${what}`);
  };
  if (profile.stringTable[0] !== '') fail('its first string is not empty');
  profile.sampleType.forEach((type, i) => checkType(type, `sample type ${i}`));
  if (profile.periodType) checkType(profile.periodType, 'the period');
  for (const row of profile.comment) check(row, 'a comment');
  for (const field of ['dropFrames', 'keepFrames', 'defaultSampleType', 'docUrl'] as const) {
    check(profile[field], field);
  }
  for (const { id, filename, buildId } of profile.mapping) {
    check(filename, `the file of mapping ${id}`);
    check(buildId, `the build of mapping ${id}`);
  }
  for (const { id, name, systemName, filename } of profile.function) {
    check(name, `the name of function ${id}`);
    check(systemName, `the system name of function ${id}`);
    check(filename, `the file of function ${id}`);
  }
  profile.sample.forEach(({ label }, i) => {
    for (const { key, str, numUnit } of label) {
      check(key, `a label's key of sample ${i}`);
      check(str, `a label's text of sample ${i}`);
      check(numUnit, `a label's unit of sample ${i}`);
    }
  });
}

function fail(reason: string): never {
  throw codedError('ERR_MPROF_INVALID_PROFILE', `The profile is not valid: ${reason}`);
}
