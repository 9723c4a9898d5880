// Goal: Spark is at home in the embedded catalog. Method: one Spark as its REST client: namespaces, tables,
// views, every kind of write, branches and procedures; DuckDB reads the same rows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../../support/world.ts';
import { type Spark, startSpark } from './spark.ts';

let spark: Spark;
let world: World;
beforeAll(async () => {
  [spark, world] = await Promise.all([startSpark(), createWorld()]);
  const { uri, token } = world.psyberg.internals.catalog;
  await spark.attach('lake', { uri, token });
});
afterAll(async () => {
  await spark?.close();
  await world?.close();
});

const rowsOf = async (query: string): Promise<string[]> =>
  (await spark.sql(query)).rows.map((row) => row.join('|')).sort();
/** DuckDB and Spark see the same rows, and these. */
async function expectRows(table: string, expected: readonly string[]): Promise<void> {
  expect(await rowsOf(`select * from lake.${table}`)).toEqual([...expected].sort());
  const seen = await world.sql(`select * from ${table}`);
  expect(seen.map((row) => Object.values(row).join('|')).sort()).toEqual([...expected].sort());
}

describe('namespaces', () => {
  it('are created, nested, described, changed and dropped', async () => {
    await spark.sql("create namespace lake.one comment 'first' with properties ('origin' = 'spark')");
    await spark.sql('create namespace lake.one.two');
    expect(await rowsOf('show namespaces in lake')).toContain('one');
    expect(await rowsOf('show namespaces in lake.one')).toEqual(['one.two']);
    await spark.sql("alter namespace lake.one set properties ('team' = 'blue')");
    const described = await rowsOf('describe namespace extended lake.one');
    expect(described.join('\n')).toContain('team,blue');
    expect(described).toContain('Comment|first');
    await spark.sql('create table lake.one.two.t (id bigint) using iceberg');
    await expect(spark.sql('drop namespace lake.one.two')).rejects.toThrow(/not empty/i);
    await spark.sql('drop table lake.one.two.t');
    await spark.sql('drop namespace lake.one.two');
    await spark.sql('drop namespace lake.one');
    expect(await rowsOf('show namespaces in lake')).not.toContain('one');
  });
});

describe('tables', () => {
  beforeAll(() => spark.sql('create namespace lake.shop'));
  it('are created with every partition transform, altered, renamed and dropped', async () => {
    await spark.sql(
      `create table lake.shop.orders (id bigint not null, ts timestamp, country string, price decimal(10, 2), tags array<string>)
       using iceberg partitioned by (day(ts), bucket(4, id), truncate(1, country)) tblproperties ('write.format.default' = 'parquet')`,
    );
    await spark.sql(
      "insert into lake.shop.orders values (1, timestamp '2024-01-01 10:00:00', 'de', 1.50, array('a'))",
    );
    await spark.sql("alter table lake.shop.orders add columns (note string comment 'free text', qty int)");
    await spark.sql('alter table lake.shop.orders alter column qty type bigint');
    await spark.sql('alter table lake.shop.orders rename column note to remark');
    await spark.sql('alter table lake.shop.orders drop column tags');
    await spark.sql("alter table lake.shop.orders set tblproperties ('commit.retry.num-retries' = '9')");
    await spark.sql("alter table lake.shop.orders unset tblproperties ('write.format.default')");
    await spark.sql('alter table lake.shop.orders add partition field hour(ts)');
    await spark.sql('alter table lake.shop.orders drop partition field truncate(1, country)');
    await spark.sql('alter table lake.shop.orders write ordered by id');
    await spark.sql(
      "insert into lake.shop.orders values (2, timestamp '2024-01-02 11:00:00', 'fr', 2.50, 'new', 7)",
    );
    await spark.sql('alter table lake.shop.orders rename to shop.purchases');
    expect(await rowsOf('select id, country, price, remark, qty from lake.shop.purchases')).toEqual([
      '1|de|1.50||',
      '2|fr|2.50|new|7',
    ]);
    expect(
      (
        await world.sql(
          'select id, country, price::varchar as price, remark, qty from shop.purchases order by id',
        )
      ).map((row) => Object.values(row).join('|')),
    ).toEqual(['1|de|1.50||', '2|fr|2.50|new|7']);
    const properties = await rowsOf('show tblproperties lake.shop.purchases');
    expect(properties).toContain('commit.retry.num-retries|9');
    expect(await rowsOf('show tables in lake.shop')).toEqual(['shop|purchases|false']);
    await spark.sql('drop table lake.shop.purchases purge');
    expect(await rowsOf('show tables in lake.shop')).toEqual([]);
  });
  it('are created from queries, replaced and registered', async () => {
    await spark.sql('create table lake.shop.made using iceberg as select id, id * 2 as twice from range(5)');
    await spark.sql(
      'create or replace table lake.shop.made using iceberg as select id, id * 3 as thrice from range(3)',
    );
    await expectRows('shop.made', ['0|0', '1|3', '2|6']);
    const location = await spark.value(
      'select file from lake.shop.made.metadata_log_entries order by timestamp desc limit 1',
    );
    await spark.sql('drop table lake.shop.made');
    await spark.sql(
      `call lake.system.register_table(table => 'shop.made', metadata_file => '${String(location)}')`,
    );
    await expectRows('shop.made', ['0|0', '1|3', '2|6']);
  });
  it.each(['copy-on-write', 'merge-on-read'])(
    'are deleted from, updated and merged into: %s',
    async (mode) => {
      const table = `shop.dml_${mode.replaceAll('-', '_')}`;
      await spark.sql(
        `create table lake.${table} (id bigint, kind string) using iceberg tblproperties
       ('format-version' = '2', 'write.delete.mode' = '${mode}', 'write.update.mode' = '${mode}', 'write.merge.mode' = '${mode}')`,
      );
      await spark.sql(`insert into lake.${table} select /*+ coalesce(1) */ id, 'a' from range(6)`);
      await spark.sql(`delete from lake.${table} where id = 0`);
      await spark.sql(`update lake.${table} set kind = 'b' where id = 1`);
      await spark.sql(
        `merge into lake.${table} as t using (select id, 'c' as kind from range(4, 8)) as s on t.id = s.id
       when matched and s.id = 4 then delete when matched then update set * when not matched then insert *`,
      );
      await expectRows(table, ['1|b', '2|a', '3|a', '5|c', '6|c', '7|c']);
      await spark.sql(`insert overwrite lake.${table} select id, 'z' from range(1)`);
      await expectRows(table, ['0|z']);
    },
  );
});

describe('history', () => {
  it('has branches, tags, fast-forward, time travel, rollback and cherry-pick', async () => {
    await spark.sql('create namespace if not exists lake.hist');
    await spark.sql('create table lake.hist.t (id bigint) using iceberg');
    await spark.sql('insert into lake.hist.t values (1)');
    const first = String(await spark.value('select snapshot_id from lake.hist.t.snapshots'));
    await spark.sql('alter table lake.hist.t create tag begin as of version ' + first);
    await spark.sql('alter table lake.hist.t create branch work');
    await spark.sql('insert into lake.hist.t.branch_work values (2)');
    await expectRows('hist.t', ['1']);
    expect(await rowsOf("select * from lake.hist.t version as of 'work'")).toEqual(['1', '2']);
    await spark.sql("call lake.system.fast_forward('hist.t', 'main', 'work')");
    await spark.sql('alter table lake.hist.t drop branch work');
    await expectRows('hist.t', ['1', '2']);
    await spark.sql(`call lake.system.rollback_to_snapshot('hist.t', ${first})`);
    await expectRows('hist.t', ['1']);
    await spark.sql('insert into lake.hist.t values (3)');
    expect(await rowsOf("select * from lake.hist.t version as of 'begin'")).toEqual(['1']);
    await expectRows('hist.t', ['1', '3']);
  });
  it('takes staged commits (WAP) by id, by cherry-pick and by branch', async () => {
    await spark.sql(
      "create table lake.hist.wap (id bigint) using iceberg tblproperties ('write.wap.enabled' = 'true')",
    );
    await spark.sql('insert into lake.hist.wap values (1)');
    await spark.configure({ 'spark.wap.id': 'audit-1' });
    await spark.sql('insert into lake.hist.wap values (2)');
    await spark.configure({ 'spark.wap.id': 'audit-2' });
    await spark.sql('insert into lake.hist.wap values (3)');
    await spark.configure({ 'spark.wap.id': null });
    await expectRows('hist.wap', ['1']);
    const staged = String(
      await spark.value(
        "select snapshot_id from lake.hist.wap.snapshots where summary['wap.id'] = 'audit-2'",
      ),
    );
    await spark.sql(`call lake.system.cherrypick_snapshot('hist.wap', ${staged})`);
    await spark.sql("call lake.system.publish_changes('hist.wap', 'audit-1')");
    await expectRows('hist.wap', ['1', '2', '3']);
    await spark.sql('alter table lake.hist.wap create branch stage');
    await spark.configure({ 'spark.wap.branch': 'stage' });
    await spark.sql('insert into lake.hist.wap values (4)');
    await spark.configure({ 'spark.wap.branch': null });
    await expectRows('hist.wap', ['1', '2', '3']);
    await spark.sql("call lake.system.fast_forward('hist.wap', 'main', 'stage')");
    await expectRows('hist.wap', ['1', '2', '3', '4']);
  });
  it('is maintained: files and manifests rewritten, snapshots expired, orphans looked for', async () => {
    await spark.sql('create table lake.hist.small (id bigint, day date) using iceberg partitioned by (day)');
    for (const id of [1, 2, 3, 4])
      await spark.sql(`insert into lake.hist.small values (${id}, date '2024-01-0${id % 2 === 0 ? 1 : 2}')`);
    await spark.sql(
      "call lake.system.rewrite_data_files(table => 'hist.small', options => map('min-input-files', '2'))",
    );
    expect(await spark.value('select count(*) from lake.hist.small.files')).toBe('2');
    await spark.sql("call lake.system.rewrite_manifests('hist.small')");
    await spark.sql(
      "call lake.system.expire_snapshots(table => 'hist.small', older_than => timestamp '2100-01-01 00:00:00', retain_last => 1)",
    );
    expect(await spark.value('select count(*) from lake.hist.small.snapshots')).toBe('1');
    await spark.sql("call lake.system.remove_orphan_files(table => 'hist.small', dry_run => true)");
    expect(
      (await world.sql('select id, day::varchar as day from hist.small'))
        .map((row) => Object.values(row).join('|'))
        .sort(),
    ).toEqual(['1|2024-01-02', '2|2024-01-01', '3|2024-01-02', '4|2024-01-01']);
  });
});

describe('views', () => {
  it('are created, replaced, described, read and dropped', async () => {
    await spark.sql('create namespace if not exists lake.seen');
    await spark.sql('create table lake.seen.base using iceberg as select id from range(4)');
    await spark.sql(
      "create view lake.seen.even comment 'half of it' as select id from lake.seen.base where id % 2 = 0",
    );
    expect(await rowsOf('select * from lake.seen.even')).toEqual(['0', '2']);
    await spark.sql(
      'create or replace view lake.seen.even as select id from lake.seen.base where id % 2 = 1',
    );
    expect(await rowsOf('select * from lake.seen.even')).toEqual(['1', '3']);
    expect(await rowsOf('show views in lake.seen')).toEqual(['seen|even|false']);
    await spark.sql("alter view lake.seen.even set tblproperties ('k' = 'v')");
    await spark.sql('alter view lake.seen.even rename to lake.seen.odd');
    expect(await rowsOf('select * from lake.seen.odd')).toEqual(['1', '3']);
    await spark.sql('drop view lake.seen.odd');
    expect(await rowsOf('show views in lake.seen')).toEqual([]);
  });
});
