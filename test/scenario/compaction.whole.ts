// Goal: a rewrite of files is no work, and a rewrite that changed a cell is the work of its hours. Method:
// rewrites under several names, with and without changed rows.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appended,
  appendLoad,
  events,
  eventWorld,
  expireAllBut,
  inSource,
  overwriteLoad,
  overwritten,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import { hourNumbers, type World, worldForTest } from '../support/world.ts';

const rewrite = (select: string) => ({
  operation: 'overwrite' as const,
  remove: <T>(files: readonly T[]) => files,
  insert: select,
});

describe('a compaction committed as overwrite', () => {
  it('is suspected, compared row by row, and no work for either pattern', async () => {
    const world = await eventWorld({ partitionedBy: 'day(ts)' });
    const target = (await world.metadata('facts.overwritten'))['current-snapshot-id'];
    await world.changeFiles('raw.events', rewrite('select * from raw.events order by id desc'));
    const plan = await world.plan('overwrite_load');
    expect(plan).toMatchObject({
      status: 'nothing-new',
      sources: [
        { changes: [{ operation: 'overwrite', counted: false, added_rows: '10', removed_rows: '10' }] },
      ],
    });
    expect(plan.sources[0]?.changes[0]?.reason).toContain('the rows were compared');
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    expect((await world.metadata('facts.overwritten'))['current-snapshot-id']).toBe(target);
    await world.land('raw.events', events(20, 5, 1));
    expect((await world.run()).map((record) => [record.status, record.rows_read])).toEqual([
      ['published', '5'],
      ['published', '10'],
    ]);
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('after which one cell differs is the work of that cell’s hour alone', async () => {
    const world = await eventWorld({ partitionedBy: 'day(ts)' });
    for (const hour of [2, 3, 4]) await world.land('raw.events', events(20 + hour * 10, 5, hour));
    await world.run();
    await world.changeFiles(
      'raw.events',
      rewrite('select case when id = 51 then 999 else id end as id, ts from raw.events'),
    );
    const plan = await world.plan('overwrite_load');
    expect(hourNumbers(plan.hours)).toEqual([3]);
    // The rewritten file, and the one of the five before it that held the hour.
    expect(plan.hours[0]?.causes).toHaveLength(2);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('that swaps rows between hours, the counts as before, is the work of both', async () => {
    const world = await eventWorld({ partitionedBy: 'day(ts)' });
    await world.land('raw.events', events(20, 5, 2));
    await world.run();
    await world.changeFiles(
      'raw.events',
      rewrite('select case id when 1 then 21 when 21 then 1 else id end as id, ts from raw.events'),
    );
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([0, 1, 2]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('is seen through a column that came, a column that was renamed, and one that went', async () => {
    const world = await eventWorld({ partitionedBy: 'day(ts)' });
    await world.sql('alter table raw.events add column note varchar');
    await world.changeFiles('raw.events', rewrite('select id, ts from raw.events order by ts'));
    expect((await world.plan('overwrite_load')).status).toBe('nothing-new');
    await world.land(
      'raw.events',
      "select 20 as id, timestamptz '2023-09-14 02:00:00Z' as ts, 'said' as note",
    );
    await world.run();
    await world.sql('alter table raw.events rename column note to remark');
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files.filter((file) => file.rows === 10n),
      insert: 'select id, ts from raw.events where id < 20',
    });
    expect((await world.plan('overwrite_load')).status).toBe('nothing-new');
  });
});

describe('a rewrite that changed nothing but values that hash() does not tell apart', () => {
  const VALUES = [
    ['integer[]', '[]', 'null'],
    ['integer[][]', '[[1], [2]]', '[[1, 2]]'],
    ['struct(a integer)', '{a: null::integer}', 'null'],
    ['map(varchar, integer)', 'map {}::map(varchar, integer)', 'null'],
    ['double', '-0.0::double', '0.0'],
  ] as const;
  async function loadedWith(type: string, value: string) {
    const process = overwriteLoad();
    const world = await worldForTest({
      processes: [
        {
          header: { ...process.header, target: { table: 'facts.overwritten', event_time: 'ts' } },
          sql: 'select id, ts, v from e',
        },
      ],
    });
    await world.create('raw.events', `id bigint, ts timestamptz, v ${type}`);
    await world.land(
      'raw.events',
      `select id, ts, ${value} from (${events(0, 3, 0)} union all ${events(10, 1, 1)})`,
    );
    await world.publish('overwrite_load');
    return world;
  }
  const asText = (world: World, table: string) => world.rows(`select id, ts, v::varchar as v from ${table}`);

  it.each(VALUES)(
    'of %s: %s to %s is the work of their hours, whatever was remembered before',
    async (type, from, to) => {
      const world = await loadedWith(type, from);
      await world.changeFiles(
        'raw.events',
        rewrite(`select id, ts, case when id >= 10 then v else ${to} end from raw.events`),
      );
      // As it was remembered when such rows were compared by their hash alone.
      const { 'table-uuid': uuid, 'current-schema-id': schema } = await world.metadata('raw.events');
      mkdirSync(join(world.warehouse, '.psyberg'), { recursive: true });
      writeFileSync(
        join(world.warehouse, '.psyberg', 'verified-rewrites.json'),
        JSON.stringify([[uuid, ...(await snapshotIds(world)).toReversed(), schema].join(':')]),
      );
      expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([0]);
      await world.publish('overwrite_load');
      expect(await asText(world, 'facts.overwritten')).toEqual(await asText(world, 'raw.events'));
      await world.changeFiles('raw.events', rewrite('select * from raw.events order by id desc'));
      expect((await world.plan('overwrite_load')).status).toBe('nothing-new');
    },
  );

  it.each(VALUES)('of %s: %s to %s beside a deleted row is seen as well', async (type, from, to) => {
    const world = await loadedWith(type, from);
    await world.sql('delete from raw.events where id = 10');
    await world.publish('overwrite_load');
    await world.changeFiles('raw.events', rewrite(`select id, ts, ${to} from raw.events`));
    await world.publish('overwrite_load');
    expect(await asText(world, 'facts.overwritten')).toEqual(await asText(world, 'raw.events'));
  });
});

describe('rows that were compared and found the same', () => {
  /**
   * Moves the data files away, or back: whoever opens one then fails, and a rewrite that cannot be compared
   * counts.
   */
  async function hideDataFiles(world: World): Promise<() => void> {
    const files = (await world.sql('select distinct filename from raw.events')).map((row) =>
      String(row['filename']),
    );
    for (const file of files) renameSync(file, `${file}.away`);
    return () => {
      for (const file of files) renameSync(`${file}.away`, file);
    };
  }

  it.each([
    ['', undefined],
    [' where rows had been deleted one by one', 'delete from raw.events where id = 3'],
  ])(
    'are not read again by the next session%s, also in another process; planning alone remembers nothing',
    async (_where, deletion) => {
      const world = await eventWorld({ partitionedBy: 'day(ts)' });
      if (deletion !== undefined) {
        await world.sql(deletion);
        await world.publish('overwrite_load');
      }
      await world.changeFiles('raw.events', rewrite('select * from raw.events order by id desc'));
      const remembered = join(world.warehouse, '.psyberg', 'verified-rewrites.json');
      expect((await world.plan('overwrite_load')).status).toBe('nothing-new');
      expect(existsSync(remembered)).toBe(false);
      await world.reopen();
      expect((await runOne(world, 'overwrite_load')).status).toBe('nothing-new');
      expect(JSON.parse(readFileSync(remembered, 'utf8'))).toHaveLength(1);
      await world.reopen();
      const bringBack = await hideDataFiles(world);
      expect((await runOne(world, 'overwrite_load')).status).toBe('nothing-new');
      const plan = await world.plan('overwrite_load');
      expect(plan.sources[0]?.changes[0]?.reason).toContain('the rows were compared');
      // Another schema has other columns to compare; without them in reach, the rewrite counts.
      await world.sql('alter table raw.events add column note varchar');
      expect((await world.plan('overwrite_load')).status).toBe('work');
      bringBack();
      expect((await runOne(world, 'overwrite_load')).status).toBe('nothing-new');
      // A file that is lost or damaged costs a comparison.
      writeFileSync(remembered, '{"not": a list');
      await world.reopen();
      await world.land(
        'raw.events',
        "select 20 as id, timestamptz '2023-09-14 02:00:00Z' as ts, null as note",
      );
      expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([2]);
      await world.publish('overwrite_load');
      expect(await overwritten(world)).toEqual(await inSource(world));
    },
  );
});

describe('a compaction committed as replace', () => {
  const counts = (rows: number) => ({
    'added-records': String(rows),
    'deleted-records': String(rows),
    'added-data-files': '1',
    'deleted-data-files': '2',
  });

  it('between appends leaves the appends, and costs nothing to pass: its lists are not opened', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
      summary: counts(10),
    });
    await world.land('raw.events', events(20, 5, 2));
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
      summary: counts(15),
    });
    await world.land('raw.events', events(30, 5, 1));
    const history = await world.history('raw.events');
    for (const snapshot of history.filter((each) => each.summary?.['operation'] === 'replace'))
      rmSync(snapshot['manifest-list']);
    const plan = await world.plan('append_load');
    expect(
      plan.sources[0]?.changes.map((change) => [
        change.operation,
        change.counted,
        change.added_rows,
        change.removed_files,
      ]),
    ).toEqual([
      ['replace', false, '10', 2],
      ['append', true, '5', 0],
      ['replace', false, '15', 2],
      ['append', true, '5', 0],
    ]);
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
    await world.publish('overwrite_load');
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('that dropped deleted rows brings nothing to a process that takes added rows; with its history expired that process refuses', async () => {
    const world = await worldForTest({ processes: [appendLoad({ on_source_change: 'append-added' })] });
    await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', events(0, 5, 0));
    await world.land('raw.events', events(10, 5, 1));
    await world.publish('append_load');
    await world.land('raw.events', events(20, 5, 1));
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events where id <> 3',
    });
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      rows: '5',
      changes: [{ counted: true }, { operation: 'replace', counted: false }],
    });
    expect(await runOne(world, 'append_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["15","15"]',
    ]);
    const mark = (await snapshotIds(world)).at(-1) as bigint;
    await world.land('raw.events', events(30, 5, 1));
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
    });
    await expireAllBut(world, 1, [mark]);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired' },
    });
  });
});
