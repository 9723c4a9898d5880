// Goal: DuckDB needs nothing but ATTACH, for the warehouse and for session views alike. Method: DuckDB's own
// SQL, rows compared.
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, openCatalog } from './fixture.ts';

let fixture: CatalogFixture;
let connection: Awaited<ReturnType<DuckDBInstance['connect']>>;
const run = async (sql: string): Promise<unknown[][]> =>
  (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
const attach = (name: string, alias: string): Promise<unknown> =>
  run(
    `attach '${name}' as ${alias} (type iceberg, endpoint '${fixture.catalog.uri}', token '${fixture.catalog.token}')`,
  );
const FACTS = { namespace: ['facts'], name: 'f' };
const head = async (ref = 'main') =>
  (await fixture.client.loadTable(FACTS))?.metadata.refs?.[ref]?.['snapshot-id'];

beforeAll(async () => {
  fixture = await openCatalog();
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const extension of ['avro', 'httpfs', 'iceberg']) await run(`load ${extension}`);
  await attach('psyberg', 'lake');
  await run('create schema lake.facts');
  await run(
    `create table lake.facts.f (id bigint, ts timestamp) partitioned by (hour(ts), bucket(4, id)) with ('format-version' = '2')`,
  );
  await run(
    `insert into lake.facts.f select i, timestamp '2023-09-14' + i * interval 1 minute from range(100) t(i)`,
  );
  await run('create table lake.facts.g (a int)');
}, 60_000);
afterAll(async () => {
  connection.closeSync();
  await fixture.close();
});

describe('DuckDB on the warehouse', () => {
  it('creates, inserts, deletes, alters, and reads what it wrote', async () => {
    await run('delete from lake.facts.f where id < 10');
    await run('alter table lake.facts.f add column note varchar');
    await run(
      `insert into lake.facts.f by name select 1000 as id, timestamp '2023-09-15' as ts, 'x' as note`,
    );
    expect(await run('select count(*), count(note), min(id) from lake.facts.f')).toEqual([['91', '1', '10']]);
  });
  it('creates and fills a table in one transaction', async () => {
    await run('begin');
    await run(`create table lake.facts.h (a int) with ('format-version' = '3')`);
    await run('insert into lake.facts.h values (1), (2)');
    await run('commit');
    await run('delete from lake.facts.h where a = 1');
    expect(await run('select a from lake.facts.h')).toEqual([[2]]);
  });
  it('commits several tables at once, or none of them', async () => {
    await run('begin');
    await run(`insert into lake.facts.f by name select 2000 as id, timestamp '2023-09-15' as ts`);
    await run('insert into lake.facts.g values (1)');
    await run('commit');
    expect(
      await run(
        'select (select count(*) from lake.facts.f where id = 2000), (select count(*) from lake.facts.g)',
      ),
    ).toEqual([['1', '1']]);
    await run('begin');
    await run(`insert into lake.facts.f by name select 2001 as id, timestamp '2023-09-15' as ts`);
    await run('insert into lake.facts.g values (2)');
    // Somebody else is faster on one of the two.
    const other = await (await DuckDBInstance.create(':memory:')).connect();
    for (const sql of [
      'load avro',
      'load httpfs',
      'load iceberg',
      `attach 'psyberg' as lake (type iceberg, endpoint '${fixture.catalog.uri}', token '${fixture.catalog.token}')`,
      'insert into lake.facts.g values (3)',
    ]) {
      await other.run(sql);
    }
    other.closeSync();
    await expect(run('commit')).rejects.toThrow(/409/);
    expect(
      await run(
        'select (select count(*) from lake.facts.f where id = 2001), (select sum(a) from lake.facts.g)',
      ),
    ).toEqual([['0', '4']]);
  });
  it.each(['g_empty', 'h_empty'])(
    'loses the race for the first rows of an empty table (%s), and never overwrites who won it',
    async (name) => {
      // The extension once sent no requirement on `main` for an empty table: the second commit put its
      // snapshot in the place of the first.
      await run(
        `create table lake.facts.${name} (a int) with ('format-version' = '${name === 'g_empty' ? 2 : 3}')`,
      );
      await run('begin');
      await run(`insert into lake.facts.${name} values (2)`);
      const other = await (await DuckDBInstance.create(':memory:')).connect();
      for (const extension of ['avro', 'httpfs', 'iceberg']) await other.run(`load ${extension}`);
      await other.run(
        `attach 'psyberg' as lake (type iceberg, endpoint '${fixture.catalog.uri}', token '${fixture.catalog.token}')`,
      );
      await other.run(`insert into lake.facts.${name} values (1)`);
      other.closeSync();
      await expect(run('commit')).rejects.toThrow(/409/);
      expect(await run(`select a from lake.facts.${name}`)).toEqual([[1]]);
      const metadata = (await fixture.client.loadTable({ namespace: ['facts'], name }))?.metadata;
      expect(metadata?.snapshots?.map((snapshot) => snapshot['sequence-number'])).toEqual([1n]);
    },
  );
});

describe('DuckDB on a session view', () => {
  it('writes to the branch with plain SQL, sees its own rows, and leaves main', async () => {
    const before = await head();
    const rows = await run('select count(*) from lake.facts.f');
    fixture.catalog.views.open({
      name: 'staging-view',
      tables: [
        {
          identifier: FACTS,
          table: FACTS,
          show: { kind: 'branch', branch: 'staging', base: before as bigint },
        },
        {
          identifier: { namespace: ['sources'], name: 'pinned' },
          table: FACTS,
          show: { kind: 'snapshot', snapshotId: before as bigint },
        },
        {
          identifier: { namespace: ['sources'], name: 'g' },
          table: { namespace: ['facts'], name: 'g' },
          show: { kind: 'branch', branch: 'staging' },
        },
      ],
    });
    await attach('staging-view', 'staging');
    await run(`insert into staging.facts.f by name select 3000 as id, timestamp '2023-09-16' as ts`);
    await run('begin');
    await run(`insert into staging.facts.f by name select 3001 as id, timestamp '2023-09-16' as ts`);
    await run('insert into staging.sources.g values (7)');
    await run('commit');
    expect(await run('select count(*) from staging.facts.f where id >= 3000')).toEqual([['2']]);
    expect(await run('select a from staging.sources.g')).toEqual([[7]]);
    expect(await run('select count(*) from lake.facts.f')).toEqual(rows);
    expect(await run('select count(*) from staging.sources.pinned')).toEqual(rows);
    expect(await head()).toBe(before);
    await expect(
      run(`insert into staging.sources.pinned by name select 1 as id, timestamp '2023-09-16' as ts`),
    ).rejects.toThrow(/read-only/);
    await attach('branch@staging', 'branch');
    expect(await run('select count(*) from branch.facts.f where id >= 3000')).toEqual([['2']]);
  });
  it('reads a snapshot that exists only in the view: the files of one commit', async () => {
    await run('create table lake.facts.c (a int)');
    await run('insert into lake.facts.c values (1)');
    await run('insert into lake.facts.c values (2), (3)');
    const table = { namespace: ['facts'], name: 'c' };
    const snapshots = (await fixture.client.loadTable(table))?.metadata.snapshots ?? [];
    const last = snapshots.at(-1);
    if (last === undefined) throw new Error('no snapshot');
    const list = `${fixture.warehouse}/changes.avro`;
    await run(
      `copy (from read_avro('${last['manifest-list']}') where added_snapshot_id = ${last['snapshot-id']}) to '${list}' (format avro, root_name 'manifest_file', field_ids ${MANIFEST_FILE_FIELD_IDS})`,
    );
    fixture.catalog.views.open({
      name: 'changes-view',
      tables: [
        {
          identifier: table,
          table,
          show: { kind: 'files', snapshot: { ...last, 'snapshot-id': 77n, 'manifest-list': list } },
        },
      ],
    });
    await attach('changes-view', 'changes');
    expect(await run('select a from changes.facts.c order by a')).toEqual([[2], [3]]);
  });
});

/** Iceberg spec, "Manifest Lists": the ids that readers look fields up by. */
const MANIFEST_FILE_FIELD_IDS = `{manifest_path: 500, manifest_length: 501, partition_spec_id: 502, content: 517, sequence_number: 515, min_sequence_number: 516,
  added_snapshot_id: 503, added_files_count: 504, existing_files_count: 505, deleted_files_count: 506, added_rows_count: 512, existing_rows_count: 513, deleted_rows_count: 514}`;
