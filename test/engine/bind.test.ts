// Goal: a value is bound with the type that a statement's header declares, whole, or refused with the names of
// statement and parameter. Method: headers in the test; DuckDB says what arrived.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BoundValue, bindDeclared } from '../../src/engine/bind.ts';
import { type Engine, openEngine } from '../../src/engine/index.ts';
import { parseStatement, statement } from '../../src/statements/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 2, memoryLimit: '500MB' });
});
afterAll(() => engine.close());

const declared = (...parameters: string[]) =>
  parseStatement(
    'a/b',
    `-- @name a/b\n-- What: it.\n${parameters.map((each) => `-- @param $${each}\n`).join('')}select ${parameters.map((each) => `$${each.split(' ')[0]}`).join(', ')}`,
  ).parameters;

/** What DuckDB receives: its type and its text. */
async function arrived(type: string, value: BoundValue) {
  const parameters = declared(`x ${type}`);
  const sql = 'select typeof(x) as type, x::varchar as text from (select $x as x)';
  const [row] = await engine.query({ sql, parameters: { x: value }, declared: { name: 'a/b', parameters } });
  return [row?.['type'], row?.['text']];
}

describe('a declared parameter', () => {
  it.each<[string, BoundValue, string, string | null]>([
    ['BIGINT', 9007199254740993n, 'BIGINT', '9007199254740993'],
    ['BIGINT', -(2n ** 63n), 'BIGINT', '-9223372036854775808'],
    ['BIGINT', 5, 'BIGINT', '5'],
    ['INTEGER', -7, 'INTEGER', '-7'],
    ['DOUBLE', 1, 'DOUBLE', '1.0'],
    ['BOOLEAN', false, 'BOOLEAN', 'false'],
    ['VARCHAR', '9007199254740993', 'VARCHAR', '9007199254740993'],
    ['JSON', '[1]', 'VARCHAR', '[1]'],
    ['TIMESTAMP', '2023-09-14T05:00:00Z', 'TIMESTAMP', '2023-09-14 05:00:00'],
    ['TIMESTAMP', '2023-09-14T05:00:00.123456Z', 'TIMESTAMP', '2023-09-14 05:00:00.123456'],
    ['TIMESTAMP', '1969-12-31T23:59:59.5+01:00', 'TIMESTAMP', '1969-12-31 22:59:59.5'],
    ['TIMESTAMP', 1694667600001, 'TIMESTAMP', '2023-09-14 05:00:00.001'],
    ['TIMESTAMP', 1694667600000001n, 'TIMESTAMP', '2023-09-14 05:00:00.000001'],
    ['DATE', '2024-02-29', 'DATE', '2024-02-29'],
    ['DATE', '1969-12-31', 'DATE', '1969-12-31'],
    ['DATE[]', [], 'DATE[]', '[]'],
    ['TIMESTAMPTZ', '2023-09-14T05:00:00+02:00', 'TIMESTAMP WITH TIME ZONE', '2023-09-14 03:00:00+00'],
    ['BLOB', new Uint8Array([0, 255]), 'BLOB', '\\x00\\xFF'],
    ['BIGINT[]', [1, 9007199254740993n], 'BIGINT[]', '[1, 9007199254740993]'],
    ['BIGINT[]', [], 'BIGINT[]', '[]'],
    ['INTEGER[]', [], 'INTEGER[]', '[]'],
    ['VARCHAR[]', ['a', '1'], 'VARCHAR[]', '[a, 1]'],
    ['TIMESTAMP[]', ['2023-09-14T05:00:00Z'], 'TIMESTAMP[]', "['2023-09-14 05:00:00']"],
    ['BIGINT NULL', null, '"NULL"', null],
  ])('%s: %s', async (type, value, foundType, text) => {
    expect(await arrived(type, value)).toEqual([foundType, text]);
  });

  it.each<[string, BoundValue, string]>([
    ['BIGINT', '5', 'is the string 5, expected BIGINT'],
    ['DATE', '2024-2-29', 'is the string 2024-2-29, expected DATE'],
    ['BIGINT', 2 ** 53, 'is the number 9007199254740992, expected BIGINT'],
    ['BIGINT', 1.5, 'is the number 1.5, expected BIGINT'],
    ['BIGINT', 2n ** 63n, 'is the bigint 9223372036854775808, expected BIGINT'],
    ['BIGINT', null, 'is NULL, expected BIGINT'],
    ['BIGINT NULL', 'x', 'is the string x, expected BIGINT or NULL'],
    ['INTEGER', 2 ** 31, 'is the number 2147483648, expected INTEGER'],
    ['INTEGER', 5n, 'is the bigint 5, expected INTEGER'],
    ['VARCHAR', 5, 'is the number 5, expected VARCHAR'],
    ['VARCHAR', ['a'], 'is a list of 1: the string a, expected VARCHAR'],
    ['BOOLEAN', 'true', 'is the string true, expected BOOLEAN'],
    ['TIMESTAMP', '2023-09-14T05:00:00', 'is the string 2023-09-14T05:00:00, expected TIMESTAMP'],
    ['TIMESTAMP', '2023-13-14T05:00:00Z', 'is the string 2023-13-14T05:00:00Z, expected TIMESTAMP'],
    ['TIMESTAMP', Number.NaN, 'is the number NaN, expected TIMESTAMP'],
    ['BLOB', 'ff', 'is the string ff, expected BLOB'],
    ['BIGINT[]', ['1'], 'is a list of 1: the string 1, expected BIGINT[]'],
    ['BIGINT[]', 1, 'is the number 1, expected BIGINT[]'],
  ])('%s refuses %s', (type, value, why) => {
    expect(() => bindDeclared('a/b', declared(`x ${type}`), { x: value })).toThrow(
      expect.objectContaining({
        code: 'internal-bug',
        message: `statement a/b: $x ${why}`,
        context: { statement: 'a/b', parameter: 'x' },
      }),
    );
  });

  it('that is missing, or that is none, is refused', () => {
    const bind = (given: Record<string, BoundValue | undefined>) => () =>
      bindDeclared('a/b', declared('x BIGINT', 'y BIGINT'), given);
    expect(bind({ x: 1 })).toThrow('statement a/b: $y is missing');
    expect(bind({ x: 1, y: undefined })).toThrow('statement a/b: $y is missing');
    expect(bind({ x: 1, y: 1, z: 1 })).toThrow('statement a/b: $z is not declared');
  });
});

it('a statement is checked by the compiler: what it binds, and what it returns', () => {
  const misused = async () => {
    const files = statement('changes/files_without_ids');
    const [row] = await engine.query(files, { files: ['a'] });
    const path: string | undefined = row?.path;
    // @ts-expect-error: missing.
    await engine.query(files);
    // @ts-expect-error: misspelled.
    await engine.query(files, { file: ['a'] });
    // @ts-expect-error: of another type.
    await engine.query(files, { files: 'a' });
    // @ts-expect-error: not a column.
    const none = row?.paths;
    // @ts-expect-error: no such statement.
    statement('changes/files_without_id');
    // @ts-expect-error: it has no fragment.
    statement('changes/files_without_ids', {});
    return [path, none];
  };
  expect(misused).toBeTypeOf('function');
});
