// Goal: every value of DuckDB as a program can take it. Method: one SELECT of each type, its plain value.
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctNames, plainRows, resultRows } from '../../src/engine/values.ts';

let instance: DuckDBInstance;
let read: (select: string) => Promise<ReturnType<typeof resultRows>>;
let readOwn: typeof read;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  read = async (select) => resultRows(await connection.runAndReadAll(select));
  readOwn = async (select) => plainRows(await connection.runAndReadAll(select));
});
afterAll(() => instance.closeSync());

describe('a value', () => {
  it.each<[string, unknown]>([
    ['9007199254740993::bigint', 9007199254740993n],
    ['170141183460469231731687303715884105727::hugeint', 170141183460469231731687303715884105727n],
    ['7::integer', 7],
    ['1.5::double', 1.5],
    ["'nan'::double", Number.NaN],
    ['1.10::decimal(4, 2)', '1.10'],
    ['true', true],
    ['null', null],
    ["'a'", 'a'],
    ["timestamp '2023-09-14 05:00:00'", '2023-09-14T05:00:00'],
    ["timestamp '2023-09-14 05:00:00.1204'", '2023-09-14T05:00:00.1204'],
    ["timestamp '1969-12-31 23:59:59.9'", '1969-12-31T23:59:59.9'],
    ["timestamptz '2023-09-14 05:00:00+02'", '2023-09-14T03:00:00Z'],
    ["'2023-09-14 05:00:00.000000001'::timestamp_ns", '2023-09-14T05:00:00.000000001'],
    ["'2023-09-14 05:00:00.5'::timestamp_ms", '2023-09-14T05:00:00.5'],
    ["'2023-09-14 05:00:00'::timestamp_s", '2023-09-14T05:00:00'],
    ["'infinity'::timestamp", 'infinity'],
    ["'-infinity'::date", '-infinity'],
    ["date '0001-01-01'", '0001-01-01'],
    ["time '05:00:00'", '05:00:00'],
    ["interval '1 hour'", '01:00:00'],
    ["'\\x00\\xFF'::blob", '00ff'],
    ["'0a0a0a0a-0000-4000-8000-000000000001'::uuid", '0a0a0a0a-0000-4000-8000-000000000001'],
    ['[1, null]', [1, null]],
    ['[1, 2]::integer[2]', [1, 2]],
    ["{a: 1, b: [date '2023-09-14']}", { a: 1, b: ['2023-09-14'] }],
    ["map {'k': 1}", { k: 1 }],
    ['map {7::bigint: 1}', { '7': 1 }],
    ['map {{a: 7::bigint}: 1}', { '{"a":"7"}': 1 }],
    ["union_value(text := 'a')", 'a'],
  ])('%s', async (sql, expected) => {
    expect((await read(`select ${sql} as v`)).rows).toEqual([[expected]]);
  });

  it("of the engine's own statements is UTC where it has no zone", async () => {
    expect((await readOwn("select timestamp '2023-09-14 05:00:00' as v")).toObjects()).toEqual([
      { v: '2023-09-14T05:00:00Z' },
    ]);
  });
});

describe('the columns of a result', () => {
  it('have names of their own and types, also without a row', async () => {
    const { columns, rows, toObjects } = await read('select 1 as id, 2 as id, 3 as "id_1" where false');
    expect(columns).toEqual([
      { name: 'id', type: 'INTEGER' },
      { name: 'id_2', type: 'INTEGER' },
      { name: 'id_1', type: 'INTEGER' },
    ]);
    expect([rows, toObjects()]).toEqual([[], []]);
  });
  it.each([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      ['a', 'a', 'a'],
      ['a', 'a_1', 'a_2'],
    ],
    [
      ['a_1', 'a', 'a'],
      ['a_1', 'a', 'a_2'],
    ],
    [
      ['a', 'a', 'a_1', 'a_1'],
      ['a', 'a_2', 'a_1', 'a_1_1'],
    ],
  ])('%j become %j', (names, expected) => {
    expect(distinctNames(names)).toEqual(expected);
  });
});
