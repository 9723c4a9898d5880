// Goal: an error says what kind it is, and its code has one line in one place. Method: the registry against
// the errors that the source raises, and errors that are made from it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT, exitCodeOf, exitCodeOfKind, highestOfErrors } from '../../src/cli/exit-code.ts';
import { type CodeEntry, ERROR_CODES, type ErrorCode } from '../../src/model/error-codes.ts';
import {
  conflict,
  isWorthRetrying,
  PsybergError,
  refusal,
  unexpected,
  usageError,
  withoutSql,
} from '../../src/model/errors.ts';
import { shownError } from '../../src/model/storage-faults.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const entries: readonly (readonly [string, CodeEntry])[] = Object.entries(ERROR_CODES);

describe('the registry of error codes', () => {
  it('is sorted, in kebab case, and every meaning is one sentence', () => {
    const names = entries.map(([name]) => name);
    expect(names).toEqual([...names].sort());
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
    expect(entries.filter(([, { meaning }]) => !/^[A-Z`][^\n]*\.$/.test(meaning))).toEqual([]);
  });
  it('holds no code that nothing raises', () => {
    const text = readdirSync(SRC, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('error-codes.ts'))
      .map((file) => readFileSync(join(SRC, file), 'utf8'))
      .join('\n');
    expect(entries.map(([name]) => name).filter((name) => !text.includes(`'${name}'`))).toEqual([]);
  });
  it('lets a call name another kind only where the registry says so', () => {
    // The other way is a compile error: usageError('audits-changed', …).
    // @ts-expect-error a refusal is no wrong usage
    expect(usageError('audits-changed', 'x').kind).toBe('usage');
    // @ts-expect-error a code that has no line
    expect(() => new PsybergError('no-such-code', 'x')).toThrow(TypeError);
  });
});

describe('an error', () => {
  it.each<[PsybergError, string, boolean, number]>([
    [usageError('limit-invalid', 'x'), 'usage', false, 2],
    [usageError('catalog-database-unreachable', 'x'), 'usage', true, 2],
    [new PsybergError('audit-failed', 'x'), 'audit', false, 3],
    [conflict('commit-conflict', 'x'), 'conflict', true, 4],
    [refusal('source-changed', 'x'), 'refused', false, 5],
    [new PsybergError('catalog-unreachable', 'x'), 'unavailable', true, 1],
    [usageError('catalog-unreachable', 'x'), 'usage', false, 2],
    [new PsybergError('target-missing', 'x'), 'conflict', true, 4],
    [usageError('target-missing', 'x'), 'usage', false, 2],
    [conflict('table-missing', 'x'), 'conflict', true, 4],
    [new PsybergError('interrupted', 'x'), 'interrupted', true, 130],
    [new PsybergError('sql-failed', 'x'), 'unexpected', false, 1],
    [unexpected(new TypeError('x')), 'unexpected', false, 1],
  ])('%o is of its kind, which gives the exit code', (error, kind, retryable, exitCode) => {
    expect(error.toJSON()).toMatchObject({ kind, retryable });
    expect(exitCodeOfKind(error.kind)).toBe(exitCode);
  });
  it('is worth a new plan while a conflict is open, and not after its last words', () => {
    const codes: ErrorCode[] = ['target-moved', 'commit-conflict', 'commit-unknown', 'source-changed'];
    expect(codes.filter((code) => isWorthRetrying(new PsybergError(code, 'x')))).toEqual([
      'target-moved',
      'commit-conflict',
    ]);
    expect(isWorthRetrying(conflict('target-moved', 'x', { retryable: false }))).toBe(false);
    expect(isWorthRetrying(new Error('x'))).toBe(false);
  });
  it('is shown without the statement of the engine, and else as it was', () => {
    const error = usageError('sql-failed', 'x', { hint: 'y', context: { sql: 'select', table: 'a.b' } });
    expect(withoutSql(error).toJSON()).toEqual({ ...error.toJSON(), context: { table: 'a.b' } });
    expect(shownError(Object.assign(new Error('full'), { code: 'ENOSPC' })).code).toBe('warehouse-full');
    expect(shownError('a string')).toMatchObject({ code: 'unexpected', message: 'a string' });
  });
});

describe('the exit code', () => {
  const record = { status: 'published', owed_hours: [], error: null } as never;
  const failed = (error: PsybergError) =>
    ({ status: 'failed', owed_hours: [], error: error.toJSON() }) as never;
  it('of a record is that of its error, and the highest of several', () => {
    expect(exitCodeOf(record)).toBe(EXIT.done);
    expect(exitCodeOf(failed(usageError('event-time-missing', 'x')))).toBe(EXIT.usage);
    expect(exitCodeOf(failed(new PsybergError('warehouse-full', 'x')))).toBe(EXIT.failed);
    expect(
      highestOfErrors([
        null,
        conflict('compaction-overtaken', 'x').toJSON(),
        usageError('usage', 'x').toJSON(),
      ]),
    ).toBe(EXIT.conflict);
  });
});
