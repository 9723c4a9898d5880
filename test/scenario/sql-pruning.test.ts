// Goal: `sql` finds each row that it is asked for, whatever DuckDB would skip files by, and good tables keep
// their pruning. Method: real tables with what misleads DuckDB; statements that read, change and hide their
// tables; the number of files that DuckDB says it read.
import { describe, expect, it } from 'vitest';
import { restateColumn } from '../support/manifest-bounds.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const ids = async (world: World, query: string, options?: { branch: string }): Promise<string> =>
  (await world.psyberg.sql(query, options)).rows.map(([id]) => String(id)).join();

async function worldWith(columns: string, partitionedBy: string | undefined, ...landings: string[]) {
  const world = await worldForTest();
  await world.create('raw.events', columns, partitionedBy === undefined ? {} : { partitionedBy });
  for (const each of landings) await world.land('raw.events', `select * from (values ${each})`);
  return world;
}

/** How many data files DuckDB read for a query. */
async function filesRead(world: World, query: string): Promise<number> {
  const { rows } = await world.psyberg.sql(`explain analyze ${query}`);
  return Number(/Total Files Read:\s*(\d+)/.exec(String(rows[0]?.[1]))?.[1]);
}

const OLD = "timestamp '1969-11-15 12:00:00'";
const early = (): Promise<World> =>
  worldWith(
    'id bigint, ts timestamp',
    'day(ts)',
    `(1, ${OLD})`,
    "(2, timestamp '2023-09-14 05:00:00')",
    "(3, timestamp '2023-09-15 05:00:00')",
  );
const withNan = (): Promise<World> =>
  worldWith('id bigint, x double', undefined, "(1, 'nan'::double), (2, 1)", '(3, 2), (4, 3)');

describe('rows of files that DuckDB would skip', () => {
  it('of days before 1970 are found, whatever names their table, and changed', async () => {
    const world = await early();
    const where = `where ts = ${OLD}`;
    expect(await ids(world, `select id from raw.events ${where}`)).toBe('1');
    expect(await ids(world, `with e as (from raw.events) select id from e ${where}`)).toBe('1');
    expect(await ids(world, `select id from query_table('raw.events') ${where}`)).toBe('1');
    expect(
      await ids(
        world,
        `begin; select id from raw.events ${where}; commit; select id from raw.events ${where}`,
      ),
    ).toBe('1');
    expect(
      (
        await world.psyberg.sql('select id from raw.events where ts = $at::timestamp', {
          parameters: { at: '1969-11-15 12:00:00' },
        })
      ).rows,
    ).toEqual([[1n]]);
    await world.sql(`create table raw.old as select id from raw.events ${where}`);
    expect(await ids(world, 'from raw.old')).toBe('1');
    await world.sql(`delete from raw.events ${where}`);
    expect(await ids(world, 'select id from raw.events order by id')).toBe('2,3');
  });

  it('are found in a transaction, also in one of several calls, and what ends it lets files be skipped again', async () => {
    const world = await early();
    const where = `where ts = ${OLD}`;
    await world.sql('begin');
    await world.sql(`insert into raw.events values (4, ${OLD})`);
    expect(await ids(world, `select id from raw.events ${where} order by id`)).toBe('1,4');
    await expect(world.sql(`select error('wrong') from raw.events ${where}`)).rejects.toThrow('wrong');
    expect(await ids(world, `select id from raw.events ${where}`)).toBe('1');
    expect(await filesRead(world, 'select id from raw.events where id = 2')).toBe(1);
  });

  it('of a branch are found there', async () => {
    const world = await early();
    const [, head] = await world.history('raw.events');
    await world.commit('raw.events', [
      {
        action: 'set-snapshot-ref',
        'ref-name': 'work',
        type: 'branch',
        'snapshot-id': head?.['snapshot-id'] as bigint,
      },
    ]);
    await world.sql('delete from raw.events where id = 1');
    const query = `select id from raw.events where ts = ${OLD}`;
    expect([await ids(world, query, { branch: 'work' }), await ids(world, query)]).toEqual(['1', '']);
  });

  it('of NaN are found, also where a view or a new name hides the column', async () => {
    const world = await withNan();
    await world.sql('create temp view v as select id, x as y from raw.events');
    for (const query of [
      'select id from raw.events where x > 5',
      'select id from v where y > 5',
      'select a from raw.events as e(a, b) where b > 5',
      'with e(a, b) as (from raw.events) select a from e where b > 5',
      'select id from raw.events where columns(*) > 0 order by id limit 1',
      'select id, x from raw.events order by x desc limit 1',
      'select * from raw.events order by 2 desc limit 1',
      'select id from (from raw.events) e(id, y) where y > 5',
      'from (select 9::bigint as i, 1.5::double as y union all from raw.events) where y > 5',
    ])
      expect([query, await ids(world, query)]).toEqual([query, '1']);
    await world.sql('delete from raw.events where x > 5');
    expect(await ids(world, 'select id from raw.events order by 1')).toBe('2,3,4');
  });

  it('of text by its first characters, which DuckDB counts as people do', async () => {
    const accented = "'e' || chr(769) || 'cole'";
    const world = await worldWith(
      'id bigint, k varchar',
      'truncate(3, k)',
      `(1, ${accented})`,
      "(2, 'plain text')",
    );
    await restateColumn(world, 'raw.events', 'k', { nulls: '0' });
    expect(await ids(world, `select id from raw.events where k = ${accented}`)).toBe('1');
  });

  it('of text whose bounds are cut within a character', async () => {
    const world = await worldWith(
      'id bigint, k varchar',
      undefined,
      "(1, 'AAAAAAAAAAAAAAA' || chr(8226) || ' and more')",
    );
    await restateColumn(world, 'raw.events', 'k', {
      lower: "unhex('414141414141414141414141414141E2')",
      upper: "unhex('414141414141414141414141414142')",
      nulls: '0',
    });
    expect(await ids(world, "select id from raw.events where k > 'A'")).toBe('1');
  });
});

describe('files that DuckDB skips rightly', () => {
  it('are skipped: by day, by text, and where a query does not name the numbers', async () => {
    const world = await worldWith(
      'id bigint, ts timestamp, k varchar, x double',
      'day(ts)',
      "(1, timestamp '2023-09-14 05:00:00', 'a', 1)",
      "(2, timestamp '2023-09-15 05:00:00', 'b', 2)",
    );
    expect(await filesRead(world, "select id from raw.events where ts < '2023-09-15'")).toBe(1);
    expect(await filesRead(world, "select k from raw.events where k = 'b'")).toBe(1);
    expect(
      await filesRead(world, 'select count(*), cast(sum(id) as decimal(9, 2)) from raw.events where id = 2'),
    ).toBe(1);
    expect(await filesRead(world, 'select id from raw.events where x > 1.5')).toBe(2);
    // A second field of its partitions, of another column, is not asked for.
    await world.create('raw.both', 'id bigint, ts timestamp, k varchar', {
      partitionedBy: 'day(ts), truncate(3, k)',
    });
    await world.land('raw.both', "select id, ts, k || ' and more' from raw.events");
    expect(await filesRead(world, "select id from raw.both where ts < '2023-09-15'")).toBe(1);
    // What one statement was run with is not left to the next one.
    expect(await filesRead(world, 'select id from raw.events where id = 2')).toBe(1);
  });

  it('are skipped where a number is named and no file has bounds of it, as targets have none', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
            target: { table: 'facts.t' },
          },
          'select id, x from e',
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, x double, ts timestamptz');
    for (const id of [1, 2]) {
      await world.land('raw.events', `select ${id}, 'nan'::double, timestamptz '2023-09-14 0${id}:00:00Z'`);
      await world.publish('load');
    }
    expect(await ids(world, 'select id from facts.t where x > 5 order by id')).toBe('1,2');
    expect(await filesRead(world, 'select id from facts.t where id = 2 and x > 5')).toBe(1);
  });
});
