// Goal: a name of any characters makes a folder in the warehouse that no client can be led out of, and no two
// names share one. Method: names at random and the worst ones; DuckDB makes such tables, fills, reads and purges
// them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { folderOf } from '../../src/catalog/names.ts';
import { openCatalog } from './fixture.ts';

const folder = (name: string): string => folderOf({ namespace: ['n'], name })[1] as string;
const WORST = [
  '../x',
  '..',
  '...',
  'a/../../b',
  'a\\b',
  '%2F',
  '..%2f..',
  'a.',
  'a..',
  ' a',
  'a ',
  '~2f',
  '~~',
  '☃'.repeat(255),
];

it('is the name itself for ordinary names', () => {
  for (const name of ['event_fact', 'größe x', 'a.b-c', 'v=1', 'me@home', 'a+b', '.hidden', '日本'])
    expect(folder(name)).toBe(name);
});

it('holds no separator and nothing encoded, fits a file system, and is no other name’s', () => {
  const characters = fc.constantFrom(...'ab./\\% ~2fF5cé☃\u0001', '😀');
  const names = fc.oneof(
    fc.string({ unit: characters, minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
    fc.constantFrom(...WORST),
  );
  fc.assert(
    fc.property(names, names, (one, other) => {
      const made = folder(one);
      expect(made).not.toMatch(/[/\\%\u0000-\u001f\u007f]|^\.+$|[. ]$|^ /);
      expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255);
      expect(made === folder(other)).toBe(one === other);
    }),
  );
});

it('serves DuckDB, from creating to purging; other places of that kind are refused', async () => {
  const fixture = await openCatalog();
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    for (const extension of ['avro', 'httpfs', 'iceberg']) await connection.run(`load ${extension}`);
    await connection.run(
      `attach 'psyberg' as lake (type iceberg, endpoint '${fixture.catalog.uri}', token '${fixture.catalog.token}')`,
    );
    await connection.run('create schema lake.odd');
    const names = ['a/../../b', '..%2f..', 'a\\b', 'a.', '☃ '];
    for (const name of names) {
      const table = `lake.odd."${name}"`;
      await connection.run(`create table ${table} (a int)`);
      await connection.run(`insert into ${table} values (1), (2)`);
      const reader = await connection.runAndReadAll(`select sum(a) from ${table}`);
      expect(reader.getRowsJson()).toEqual([['3']]);
      expect(existsSync(join(fixture.warehouse, 'odd', folder(name), 'metadata'))).toBe(true);
      await fixture.client.dropTable({ namespace: ['odd'], name }, { purge: true });
      expect(existsSync(join(fixture.warehouse, 'odd', folder(name)))).toBe(false);
    }
    expect(readdirSync(join(fixture.warehouse, 'odd'))).toEqual([]);
    for (const encoded of ['%2F', '%2f', '%5C', '%00']) {
      const location = `${fixture.warehouse}/odd/..${encoded}..${encoded}x`;
      const answer = await fetch(`${fixture.catalog.uri}/v1/psyberg/namespaces/odd/tables`, {
        method: 'POST',
        headers: { authorization: `Bearer ${fixture.catalog.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 't', location, schema: { type: 'struct', fields: [] } }),
      });
      expect(answer.status, encoded).toBe(403);
    }
  } finally {
    connection.closeSync();
    await fixture.close();
  }
}, 60_000);
