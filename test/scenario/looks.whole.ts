// Goal: looks at sources and targets of every kind give what sessions load. Method: as in looks.test.ts, for single
// hours, dates, separate hours of a window's key, changed columns, many files, version 1 and sources that changed.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CompiledProcess } from '../../src/index.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { type ForeignShell, foreignShell } from '../support/foreign-shell.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

let shell: ForeignShell;
beforeAll(async () => {
  shell = await foreignShell();
});
afterAll(() => shell.close());

const sorted = (found: readonly (readonly unknown[])[]): string[] =>
  found
    .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();

/** What is shown, and what the compiled SQL gives elsewhere. */
async function looks(world: World, name: string, hours?: string): Promise<readonly [string[], string[]]> {
  const request = hours === undefined ? {} : { hours };
  const shown = await world.psyberg.show(name, request);
  const [compiled] = (await world.psyberg.compile([name], request)) as [CompiledProcess];
  const served = await world.psyberg.serveSession(name, request);
  try {
    await shell.run(served.attach);
    const load = await shell.run(compiled.load);
    const audit = await shell.run(compiled.audit);
    const bad = audit.filter(({ columns }) => columns[0]?.name === 'psyberg_bad_rows');
    expect(bad.flatMap(({ rows }) => rows)).toEqual([]);
    return [sorted(shown.rows), sorted(load.at(-1)?.rows ?? [])];
  } finally {
    await shell.run('detach database if exists psyberg_session');
    served.close();
  }
}

/** Looks at the next session, publishes it, and compares with the rows that it wrote. */
async function lookAndPublish(world: World, name: string, written: string): Promise<void> {
  const [shown, staged] = await looks(world, name);
  await world.publish(name);
  const published = await world.rows(written);
  expect(published.length).toBeGreaterThan(0);
  expect([shown, staged], name).toEqual([published, published]);
}

const at = (hour: number, minute = 10): string => `timestamptz '${hourAt(hour)}' + interval ${minute} minute`;
const row = (id: number, key: number, hour: number): string =>
  `select ${id} as id, ${key} as k, ${at(hour)} as ts`;

const joined = (more: object, source: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'join_load',
      pattern: 'stateful',
      sources: [
        { table: 'raw.one', event_time: 'ts' },
        { table: 'raw.two', event_time: 'ts', ...source },
      ],
      target: { table: 'facts.joined', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: [{ unique: { columns: ['id'], over: 'target' } }],
      ...more,
    },
    'select one.id, one.ts, max(two.id) as two_id from one left join two on two.k = one.k and two.ts <= one.ts and two.ts > one.ts - interval 9 hour group by all',
  );

async function joinedWorld(process: ProcessFile): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.one', 'id integer, k integer, ts timestamptz');
  await world.create('raw.two', 'id integer, k integer, ts timestamptz');
  for (const hour of [0, 1, 5, 9]) await world.land('raw.one', row(hour, hour % 2, hour));
  await world.land('raw.two', row(100, 1, 9));
  await world.publish('join_load');
  return world;
}

describe('a look', () => {
  it('at separate hours, which the key of a window finds', async () => {
    const world = await joinedWorld(joined({}, { window: { before: '8h', key: 'k' } }));
    await world.land('raw.two', row(101, 1, 0));
    expect((await world.plan('join_load')).hours.map(({ hour }) => hour)).toEqual([1, 5].map(hourAt));
    await lookAndPublish(
      world,
      'join_load',
      `select * from facts.joined where ts between ${at(1, 0)} and ${at(6, 0)}`,
    );
  });

  it('at touched hours, beside a source of dates', async () => {
    const process = processFile(
      {
        process_name: 'priced_load',
        pattern: 'stateful',
        hours: 'touched',
        sources: [
          { table: 'raw.one', event_time: 'ts' },
          { table: 'raw.price', event_time: 'day' },
        ],
        target: { table: 'facts.priced', event_time: 'ts' },
        audits: [{ unique: { columns: ['id'] } }],
      },
      'select one.id, one.ts, price.amount from one join price on price.day = one.ts::date',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.one', 'id integer, k integer, ts timestamptz');
    await world.create('raw.price', 'day date, amount integer');
    await world.land('raw.price', "select date '2023-09-14', 5");
    for (const hour of [0, 4, 8]) await world.land('raw.one', row(hour, 0, hour));
    await lookAndPublish(world, 'priced_load', 'select * from facts.priced');
    for (const hour of [1, 7]) await world.land('raw.one', row(20 + hour, 0, hour));
    await lookAndPublish(world, 'priced_load', 'select * from facts.priced where id > 20');
    const [shown, staged] = await looks(world, 'priced_load', '2023-09-14T07..2023-09-14T08');
    const held = await world.rows('select * from facts.priced where id in (8, 27)');
    expect([shown, staged]).toEqual([held, held]);
  });

  it('at hours of a target of dates shows whole days', async () => {
    const process = processFile(
      {
        process_name: 'day_load',
        pattern: 'stateful',
        sources: [{ table: 'raw.one', event_time: 'ts' }],
        target: { table: 'facts.day', event_time: 'day' },
        audits: [{ unique: { columns: ['day'], over: 'target' } }],
      },
      'select ts::date as day, count(*) as events from one group by all',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.one', 'id integer, k integer, ts timestamptz');
    for (const hour of [-3, 0, 4]) await world.land('raw.one', row(hour, 0, hour));
    await lookAndPublish(world, 'day_load', 'select * from facts.day');
    const [shown, staged] = await looks(world, 'day_load', '2023-09-14T04');
    expect([shown, staged]).toEqual([['["2023-09-14","2"]'], ['["2023-09-14","2"]']]);
  });

  it('at a dimension that reads a column of previous which it is about to add', async () => {
    const dimension = (sql: string): ProcessFile =>
      processFile(
        {
          process_name: 'state_load',
          pattern: 'dimension',
          on_schema_change: 'append',
          sources: [{ table: 'raw.one', event_time: 'ts' }],
          target: { table: 'dims.state', event_time: 'hour' },
        },
        sql,
      );
    const known = 'select k from one union select k from previous';
    const world = await worldForTest({
      processes: [dimension(`select $first_hour::timestamptz as hour, k from (${known})`)],
    });
    await world.create('raw.one', 'id integer, k integer, ts timestamptz');
    for (const hour of [0, 1]) await world.land('raw.one', row(hour, hour, hour));
    await world.publish('state_load');
    world.writeProcess(
      dimension(
        `select $first_hour::timestamptz as hour, known.k, coalesce(any_value(previous.age), 0)::bigint + 1 as age from (${known}) as known left join previous using (k) group by all`,
      ),
    );
    await world.reopen();
    for (const hour of [2, 3]) await world.land('raw.one', row(hour, hour, hour));
    await lookAndPublish(world, 'state_load', `select * from dims.state where hour >= ${at(2, 0)}`);
  });

  it('at a source of many files, of which others may ask for any hour', async () => {
    const world = await worldForTest({ processes: [joined({}, {})] });
    for (const table of ['raw.one', 'raw.two'])
      await world.create(table, 'id integer, k integer, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.land(
      'raw.one',
      `select i as id, i % 3 as k, ${at(0)} + i * interval 1 hour as ts from range(260) t(i)`,
    );
    await world.land('raw.two', row(1, 1, 259));
    await world.publish('join_load');
    await world.land('raw.one', row(1000, 0, 5));
    await lookAndPublish(
      world,
      'join_load',
      `select * from facts.joined where ts >= ${at(5, 0)} and ts < ${at(6, 0)}`,
    );
    const served = await world.psyberg.serveSession('join_load');
    await shell.run(served.attach);
    const [all] = await shell.run('select count(*) from psyberg_session.sources.one');
    expect(all?.rows).toEqual([[261n]]);
    await shell.run('detach psyberg_session');
    served.close();
  });

  it('at a stateless process whose source changed is refused as its session; its hours are shown', async () => {
    const process = processFile(
      {
        process_name: 'copy_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.one', event_time: 'ts' }],
        target: { table: 'facts.copy' },
      },
      'select id, k, ts from one',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.one', 'id integer, k integer, ts timestamptz', { partitionedBy: 'hour(ts)' });
    for (const hour of [0, 1]) await world.land('raw.one', row(hour, hour, hour));
    await world.publish('copy_load');
    await world.sql('delete from raw.one where id = 0');
    await expect(world.psyberg.show('copy_load')).rejects.toMatchObject({
      code: 'source-changed',
      hint: expect.stringMatching(/; to look at hours all the same: --hours FROM\.\.TO$/),
    });
    const hours = '2023-09-14T00..2023-09-14T01';
    const [{ load }] = (await world.psyberg.compile(['copy_load'], { hours })) as [CompiledProcess];
    expect(load).toContain(`--session copy_load --hours ${hours}`);
    const [shown, staged] = await looks(world, 'copy_load', hours);
    const held = await world.rows('select * from raw.one');
    expect([shown, staged]).toEqual([held, held]);
  });

  it('at hours of a source without event time says what is missing', async () => {
    const process = processFile(
      {
        process_name: 'copy_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.one' }],
        target: { table: 'facts.copy' },
      },
      'select id, k, ts from one',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.one', 'id integer, k integer, ts timestamptz');
    await world.land('raw.one', row(1, 1, 1));
    expect((await world.psyberg.show('copy_load')).rows).toHaveLength(1);
    await expect(world.psyberg.show('copy_load', { hours: '2023-09-14' })).rejects.toMatchObject({
      code: 'event-time-missing',
      hint: expect.stringContaining('event_time: COLUMN'),
    });
  });

  it('leaves a target of version 1 as it is', async () => {
    const process = joined({ target: { table: 'facts.joined', event_time: 'ts' } });
    const world = await worldForTest({ processes: [process] });
    for (const table of ['raw.one', 'raw.two'])
      await world.create(table, 'id integer, k integer, ts timestamptz');
    await world.create('facts.joined', 'id integer, ts timestamptz, two_id integer', { formatVersion: '1' });
    await world.land('raw.one', row(1, 1, 1));
    await world.land('raw.two', row(2, 1, 1));
    const [shown, staged] = await looks(world, 'join_load');
    expect([shown.length, staged]).toEqual([1, shown]);
    expect((await world.metadata('facts.joined'))['format-version']).toBe(1);
  });

  it('at SQL that does not parse, or meets values that it does not take, says where', async () => {
    const world = await joinedWorld(joined({}));
    const values = "select id, ts, ('x' || k)::integer as two_id from one";
    for (const [sql, hours] of [
      ['select id from'],
      ['select id from', '2023-09-14'],
      [values, '2023-09-14'],
    ]) {
      world.writeProcess({ ...joined({}), sql: sql as string });
      await world.reopen();
      const look = world.psyberg.show('join_load', hours === undefined ? {} : { hours });
      await expect(look, sql).rejects.toMatchObject({
        code: 'process-sql-failed',
        kind: 'usage',
        message: expect.stringContaining('processes/join_load.sql:'),
      });
    }
  });

  it('at a session without work gives the SQL of the last hour, or of no file', async () => {
    const world = await joinedWorld(joined({}));
    const [shown, staged] = await looks(world, 'join_load');
    expect([shown, staged]).toEqual([
      [],
      await world.rows(`select * from facts.joined where ts >= ${at(9, 0)}`),
    ]);
  });

  it('at a query with a new column shows it, and what a session would say', async () => {
    const world = await joinedWorld(joined({}));
    world.writeProcess({ ...joined({}), sql: 'select id, ts, null::integer as two_id, k as extra from one' });
    await world.reopen();
    const shown = await world.psyberg.show('join_load', { hours: '2023-09-14', limit: 4 });
    expect([shown.rows.length, shown.has_more]).toEqual([4, false]);
    expect(shown.columns.map(({ name }) => name)).toContain('extra');
    expect(shown.notes.at(-1)).toMatch(/^a session would be refused: .*extra/);
  });

  it('at a session that waits for a source names it, and the hours to look at', async () => {
    const world = await joinedWorld(joined({}));
    await world.land('raw.one', row(30, 0, 12));
    const shown = await world.psyberg.show('join_load');
    expect(shown).toMatchObject({
      status: 'waiting',
      rows: [],
      notes: [
        'nothing of join_load can be loaded yet: raw.two is not complete so far; for its rows add --hours 2023-09-14T12',
      ],
    });
    const given = await world.psyberg.show('join_load', { hours: '2023-09-14T12' });
    expect(given.rows).toHaveLength(1);
    expect(given.notes[0]).toBe(
      `hours after ${hourAt(9)} are not complete for all sources: rows may still come`,
    );
  });

  it('in front of a foreign catalog asks it for tables, and for nothing else', async () => {
    const foreign = await startForeignServer({ oneTableAtATime: true });
    onTestFinished(() => foreign.close());
    const world = await worldForTest({
      catalog: { uri: foreign.uri, warehouse: 'w', token: 'a-token' },
      processes: [joined({})],
    });
    for (const table of ['raw.one', 'raw.two']) {
      await world.create(table, 'id integer, k integer, ts timestamptz');
      await world.land(table, row(1, 1, 1));
    }
    const before = foreign.calls.length;
    const [shown, staged] = await looks(world, 'join_load');
    expect(foreign.calls.slice(before).filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual(
      [],
    );
    await world.publish('join_load');
    const published = await world.rows('select * from facts.joined');
    expect([published.length, shown, staged]).toEqual([1, published, published]);
  });

  it('at a process that reads files shows the rows of new ones, and has nothing for other programs', async () => {
    const process = processFile(
      {
        process_name: 'file_load',
        pattern: 'stateless',
        sources: [{ files: 'landing/*.csv', alias: 'landed' }],
        target: { table: 'facts.landed' },
      },
      'select id, name from landed',
    );
    const world = await worldForTest({
      processes: [process],
      files: { 'landing/a.csv': 'id,name\n1,a\n2,b\n' },
    });
    const shown = await world.psyberg.show('file_load');
    const source = await world.psyberg.show('file_load', { source: 'landed' });
    expect([shown.status, shown.rows.length, source.rows.length]).toEqual(['work', 2, 2]);
    expect((await world.psyberg.compile(['file_load']))[0]?.load).toContain('reads files');
    for (const refused of [
      world.psyberg.show('file_load', { hours: '2023-09-14' }),
      world.psyberg.serveSession('file_load'),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'usage', kind: 'usage' });
    await world.publish('file_load');
    expect(sorted(shown.rows)).toEqual(await world.rows('select * from facts.landed'));
    expect(await world.psyberg.show('file_load')).toMatchObject({
      rows: [],
      notes: ['nothing is new for file_load: every file was read before'],
    });
  });
});
