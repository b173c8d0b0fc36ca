import type { Reader } from 'protobufjs/minimal';
import { codedError, isCodedError } from '../errors';
import { requireBytes } from './bytes';
import { perftools } from './generated/profile';
import { gunzip, isGzip } from './gzip';
import type { Func, Int64, Label, Line, Location, Mapping, Profile, Sample, ValueType } from './message';
import { WireReader } from './wire';

import messages = perftools.profiles;

/**
 * Reads a profile, gzipped or not. What comes back is complete (fields that the bytes leave out are 0, false or empty)
 * and independent of `bytes`; fields that proto/profile.proto does not know are dropped. References within the profile
 * are not looked at: `checkValid` does that.
 *
 * @throws ERR_MPROF_INVALID_PROFILE when `bytes` are empty, damaged, cut off, or something else than a profile.
 * @throws ERR_MPROF_PROFILE_TOO_LARGE when they unfold to an absurd size.
 */
export function decode(bytes: Uint8Array): Profile {
  requireBytes(bytes);
  const reader = new WireReader(isGzip(bytes) ? gunzip(bytes) : bytes);
  const message = read(reader);
  if (message.stringTable[0] !== '') {
    throw invalid('it has no string table that begins with ""');
  }
  return {
    sampleType: message.sampleType.map(valueType),
    sample: message.sample.map(sample),
    mapping: message.mapping.map(mapping),
    location: message.location.map(location),
    function: message.function.map(func),
    stringTable: message.stringTable,
    dropFrames: integer(message.dropFrames),
    keepFrames: integer(message.keepFrames),
    timeNanos: integer(message.timeNanos),
    durationNanos: integer(message.durationNanos),
    ...(message.periodType && { periodType: valueType(message.periodType) }),
    period: integer(message.period),
    comment: message.comment as Int64[],
    defaultSampleType: integer(message.defaultSampleType),
    docUrl: integer(message.docUrl),
  };
}

function read(reader: WireReader): messages.Profile {
  try {
    return messages.Profile.decode(reader as unknown as Reader);
  } catch (error) {
    if (isCodedError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`${reason}, before byte ${reader.pos}`, error);
  }
}

function invalid(reason: string, cause?: unknown): Error {
  return codedError('ERR_MPROF_INVALID_PROFILE', `The data is not a profile: ${reason}`, cause);
}

/** A field that was not in the bytes reads as the zero on the message's prototype, in protobufjs' own type. */
function integer(value: unknown): Int64 {
  return typeof value === 'object' || value === undefined ? 0 : (value as Int64);
}

function valueType(message: messages.ValueType.$Properties): ValueType {
  return { type: integer(message.type), unit: integer(message.unit) };
}

function sample(message: messages.Sample.$Properties): Sample {
  return {
    locationId: message.locationId as Int64[],
    value: message.value as Int64[],
    label: message.label!.map(label),
  };
}

function label(message: messages.Label.$Properties): Label {
  return {
    key: integer(message.key),
    str: integer(message.str),
    num: integer(message.num),
    numUnit: integer(message.numUnit),
  };
}

function mapping(message: messages.Mapping.$Properties): Mapping {
  return {
    id: integer(message.id),
    memoryStart: integer(message.memoryStart),
    memoryLimit: integer(message.memoryLimit),
    fileOffset: integer(message.fileOffset),
    filename: integer(message.filename),
    buildId: integer(message.buildId),
    hasFunctions: message.hasFunctions!,
    hasFilenames: message.hasFilenames!,
    hasLineNumbers: message.hasLineNumbers!,
    hasInlineFrames: message.hasInlineFrames!,
  };
}

function location(message: messages.Location.$Properties): Location {
  return {
    id: integer(message.id),
    mappingId: integer(message.mappingId),
    address: integer(message.address),
    line: message.line!.map(line),
    isFolded: message.isFolded!,
  };
}

function line(message: messages.Line.$Properties): Line {
  return {
    functionId: integer(message.functionId),
    line: integer(message.line),
    column: integer(message.column),
  };
}

function func(message: messages.Function.$Properties): Func {
  return {
    id: integer(message.id),
    name: integer(message.name),
    systemName: integer(message.systemName),
    filename: integer(message.filename),
    startLine: integer(message.startLine),
  };
}
