import type { Writable } from 'node:stream';
import { codedError, type ErrorCode } from './errors';

/*
 * Argument checks. Their errors name the argument, the rule and what came instead:
 * `memProfileRate must be a non-negative integer, got -1`.
 */

/** The value as an error message shows it: short, and never by running code of its own. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** The error for a value of another kind than the rule says. */
export function wrongType(name: string, rule: string, value: unknown): Error {
  return codedError('ERR_MPROF_INVALID_ARG_TYPE', `${name} must be ${rule}, got ${show(value)}`);
}

/** TypeError unless it is a number; RangeError unless it `fits` the rule. */
export function checkNumber(name: string, value: unknown, fits: (value: number) => boolean, rule: string): asserts value is number {
  if (typeof value !== 'number') throw wrongType(name, rule, value);
  if (!fits(value)) throw codedError('ERR_MPROF_OUT_OF_RANGE', `${name} must be ${rule}, got ${show(value)}`);
}

/** An integer within limits, both included. */
export function checkInteger(name: string, value: unknown, min: number, max: number): asserts value is number {
  const rule = min === 0 ? 'a non-negative integer' : 'an integer';
  const limits = min === 0 ? `up to ${max}` : `from ${min} to ${max}`;
  // The limit is worth mentioning only to somebody who exceeds it.
  const exceeds = typeof value === 'number' && (value > max || (min !== 0 && value < min));
  checkNumber(name, value, (number) => Number.isInteger(number) && number >= min && number <= max, exceeds ? `${rule} ${limits}` : rule);
}

/** An options object. */
export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'an object', value);
}

/** true or false. */
export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
}

/** A string. */
export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
}

/** A file's path, or a stream. */
export function checkDestination(name: string, value: unknown): asserts value is string | Writable {
  const isStream = typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function';
  if (!isStream && typeof value !== 'string') throw wrongType(name, 'a path or a writable stream', value);
}

/** A function. */
export function checkFunction(name: string, value: unknown): asserts value is (...args: never[]) => unknown {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

/** What ends something early. */
export function checkAbortSignal(name: string, value: unknown): asserts value is AbortSignal {
  if (!(value instanceof AbortSignal)) throw wrongType(name, 'an AbortSignal', value);
}

/**
 * A string that `fits` the rule: TypeError unless it is a string, RangeError unless it fits.
 *
 * @param go what Go says where it does not fit
 */
export function checkText(name: string, value: unknown, fits: (value: string) => boolean, rule: string, go?: string): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, rule, value);
  if (!fits(value)) throw codedError('ERR_MPROF_OUT_OF_RANGE', `${name} must be ${rule}, got ${show(value)}${inParentheses(go)}`);
}

/** A value that is not in use yet: the error of that code if it is. `go` is what Go says then. */
export function checkUnused(code: ErrorCode, name: string, value: unknown, inUse: boolean, rule: string, go?: string): void {
  if (inUse) throw codedError(code, `${name} must be ${rule}, got ${show(value)}${inParentheses(go)}`);
}

function inParentheses(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}

/** A string that must not appear in an error message. */
export function checkSecret(name: string, value: unknown, pattern: RegExp, rule: string): asserts value is string {
  if (typeof value !== 'string') throw codedError('ERR_MPROF_INVALID_ARG_TYPE', `${name} must be ${rule}, got ${typeof value}`);
  if (!pattern.test(value)) throw codedError('ERR_MPROF_OUT_OF_RANGE', `${name} must be ${rule}`);
}
