// Goal: a name that people paste means what it says to the DuckDB that is installed, and paths are told apart
// as its macro does. Method: every keyword of DuckDB as a name; the same paths through both.
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainPath } from '../../src/model/plain-path.ts';
import { sqlName } from '../../src/model/sql-name.ts';
import { renderStatement } from '../../src/statements/index.ts';

let instance: DuckDBInstance;
let rowsOf: (sql: string) => Promise<readonly (readonly unknown[])[]>;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  rowsOf = async (sql) => (await connection.runAndReadAll(sql)).getRows();
});
afterAll(() => instance.closeSync());

describe('sqlName', () => {
  it('makes of every keyword of DuckDB a column, a table and a member that are found again', async () => {
    const keywords = (await rowsOf('select keyword_name from duckdb_keywords() order by 1')).map(([name]) =>
      String(name),
    );
    expect(keywords.length).toBeGreaterThan(400);
    const broken: string[] = [];
    for (const keyword of keywords) {
      const name = sqlName(keyword);
      const sql = `with ${name} as (select 1 as ${name}, {${name}: 2} as s) select ${name}.${name}, ${name}, s.${name} from ${name}`;
      await rowsOf(sql).catch(() => broken.push(keyword));
    }
    expect(broken).toEqual([]);
  });
  it('quotes what needs it, and nothing else', () => {
    expect(['cancel_ts', 'Id', '_1', 'größe', 'a b', '1st', 'a"b', '', 'Select'].map(sqlName)).toEqual([
      'cancel_ts',
      'Id',
      '_1',
      '"größe"',
      '"a b"',
      '"1st"',
      '"a""b"',
      '""',
      '"Select"',
    ]);
  });
});

it.each([
  '/w/a.avro',
  'file:/w/a.avro',
  'file:///w/a.avro',
  'file://host/w/a.avro',
  's3://b/a',
  'file',
  'x/file:/a',
])('the plain path of %s is that of the macro', async (path) => {
  await rowsOf(renderStatement('macros/plain_path'));
  expect(await rowsOf(`select plain_path('${path}')`)).toEqual([[plainPath(path)]]);
});
