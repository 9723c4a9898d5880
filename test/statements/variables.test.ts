// Goal: a statement means the same with variables as with bound values. Method: texts; and DuckDB, which is
// given both.
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { literalText, type SqlType, withVariables } from '../../src/statements/index.ts';

const scalar = (name: 'BIGINT' | 'TIMESTAMP' | 'VARCHAR'): { readonly type: SqlType } => ({
  type: { kind: 'scalar', name },
});
const hours: { readonly type: SqlType } = {
  type: { kind: 'list', item: { kind: 'scalar', name: 'BIGINT' } },
};

describe('withVariables', () => {
  it.each([
    ['select $a + $a_1', "select getvariable('a') + getvariable('a_1')"],
    ['select \'$a\', "$a", $$ $a $$ -- $a\n, $a', "select '$a', \"$a\", $$ $a $$ -- $a\n, getvariable('a')"],
    ['select /* $a */ $a::date', "select /* $a */ getvariable('a')::date"],
    ['select 1', 'select 1'],
  ])('%s', (sql, expected) => {
    expect(withVariables(sql)).toBe(expected);
  });
});

describe('literalText', () => {
  it.each([
    ['2023-09-14T05:00:00Z', scalar('TIMESTAMP'), "timestamp '2023-09-14 05:00:00'"],
    ["o'clock", scalar('VARCHAR'), "'o''clock'"],
    ['12', scalar('BIGINT'), '12'],
    ['12', undefined, "'12'"],
    [12, undefined, '12'],
    [true, undefined, 'true'],
    [null, undefined, 'null'],
    [['1', '-2'], hours, '[1, -2]::bigint[]'],
    [[], hours, '[]::bigint[]'],
  ] as const)('%s', (value, declared, expected) => {
    expect(literalText(value, declared)).toBe(expected);
  });
  it('is of the type that a session binds', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const instant = literalText('2023-09-14T05:00:00Z', scalar('TIMESTAMP'));
    await connection.run(
      `set variable "at" = ${instant}; set variable hours = ${literalText(['1', '2'], hours)}`,
    );
    const sql = 'select $at - to_hours(1) as before, typeof($at) as type, list_sum($hours) as sum';
    const { columnNames, rows } = await connection
      .runAndReadAll(withVariables(sql))
      .then((reader) => ({ columnNames: reader.columnNames(), rows: reader.getRowsJson() }));
    expect([columnNames, rows]).toEqual([
      ['before', 'type', 'sum'],
      [['2023-09-14 04:00:00', 'TIMESTAMP', '3']],
    ]);
    connection.closeSync();
  });
});
