// Goal: manifests in stores are fetched with one request each, and data files never whole. Method: every
// statement of `sql/`, by what its text reads.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readsManifestsOnly } from '../../src/engine/whole-files.ts';

const FOLDER = join(import.meta.dirname, '../../sql');
const statements = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sql'))
  .map((name) => ({
    name,
    sql: readFileSync(join(FOLDER, name), 'utf8').replaceAll(/^--.*$/gm, ''),
  }));
/** Macros over Avro files, as they are themselves. */
const readers = statements
  .filter(({ name, sql }) => name.startsWith('macros/') && /read_avro|read_manifests/.test(sql))
  .map(({ name }) => name.replace(/^macros\/|\.sql$/g, ''));

describe('a statement over manifests', () => {
  it('is known by whatever macro reads them', () => {
    expect(readers.length).toBeGreaterThan(2);
    for (const reader of readers)
      expect(readsManifestsOnly(`select * from ${reader}($paths)`, new Set()), reader).toBe(true);
  });

  it('is none where it also reads data files or tables', () => {
    const catalogs = new Set(['"lake".']);
    for (const data of ['read_parquet($paths)', '"lake"."raw"."events"'])
      expect(readsManifestsOnly(`from read_avro($a) semi join ${data} using (x)`, catalogs)).toBe(false);
    expect(readsManifestsOnly('from "lake"."raw"."events"', catalogs)).toBe(false);
    const both = statements.filter(({ sql }) => /read_avro/.test(sql) && /read_parquet/.test(sql));
    for (const { name, sql } of both) expect(readsManifestsOnly(sql, catalogs), name).toBe(false);
  });
});
