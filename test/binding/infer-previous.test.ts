// Goal: columns of `previous` that a query names alone are found whatever they are called. Method: queries through DuckDB
// itself, which says which column it lacks.
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { inferPrevious } from '../../src/binding/infer-previous.ts';
import { specOf } from '../support/session-data.ts';

it.each(['plan', 'a"b', 'a"', '"', 'a" b'])('a column called %s', async (name) => {
  const connection = await (await DuckDBInstance.create()).connect();
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const sql = `select coalesce(max(${quoted}), 'x') as ${quoted}, 1 as n from previous`;
  const parsed = await connection.runAndReadAll(
    `select json_serialize_sql('${sql.replaceAll("'", "''")}')::varchar`,
  );
  const spec = { ...specOf({ pattern: 'dimension', sources: { e: {} } }), sql };
  const found = await inferPrevious(spec, JSON.parse(String(parsed.getRows()[0]?.[0])), async (previous) => {
    const reader = await connection.runAndReadAll(`with ${previous.sql} ${sql}`);
    return reader.columnNames().map((column, index) => ({
      name: column,
      type: String(reader.columnType(index)),
    }));
  });
  expect(found?.sql).toContain(quoted);
});
