// Goal: the list of tables says what metadata say, and a table's definition makes such a table again. Method: a
// project with tables of each kind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionOf } from '../../src/inspect/table-definition.ts';
import type { TableRow } from '../../src/report/tables.ts';
import { tablesText } from '../../src/report/tables.ts';
import { displayWidth } from '../../src/report/width.ts';
import { appendLoad, events, overwriteLoad } from '../support/event-tables.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { createWorld, tableId, type World } from '../support/world.ts';

let world: World;
let psyberg: OpenedProject;
let tables: ReadonlyMap<string, TableRow>;
beforeAll(async () => {
  world = await createWorld({ processes: [appendLoad(), overwriteLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 3, 0));
  await world.land('raw.events', events(20, 4, 2));
  await world.run();
  await world.create('other.hourly', 'ts timestamptz, n bigint not null', {
    partitionedBy: 'hour(ts), bucket(4, n)',
  });
  for (const hour of [5, 7, 6])
    await world.land('other.hourly', `select timestamptz '2023-09-14 0${hour}:30:00Z', ${hour}`);
  // As a delete file: the file of hour 7 lives on, and no metadata say that it is empty.
  await world.sql("delete from other.hourly where ts >= timestamptz '2023-09-14 07:00:00Z'");
  await world.create('other.plain', 'a integer, b struct(c varchar, d integer[]), e decimal(9, 2)');
  await world.sql('insert into other.plain values (1, null, 1.5), (2, null, 2.5)');
  await world.sql('delete from other.plain where a = 1');
  await world.create('other.empty', 'a integer');
  psyberg = await open({ project: world.root });
  tables = new Map((await psyberg.tables()).map((row) => [row.table, row]));
});
afterAll(async () => {
  await psyberg.close();
  await world.close();
});

describe('the tables', () => {
  it('are counted and dated from metadata, and have the process that writes them', () => {
    expect(tables.get('raw.events')).toEqual({
      table: 'raw.events',
      rows: '7',
      bytes: expect.stringMatching(/^[1-9]\d+$/),
      newest_hour: '2023-09-14T02:00:00Z',
      process_name: null,
    });
    expect(tables.get('facts.appended')).toMatchObject({ newest_hour: null, process_name: 'append_load' });
    expect(tables.get('facts.overwritten')).toMatchObject({
      rows: '7',
      newest_hour: '2023-09-14T02:00:00Z',
      process_name: 'overwrite_load',
    });
    expect(tables.get('other.hourly')).toMatchObject({ rows: '2', newest_hour: '2023-09-14T07:00:00Z' });
    expect(tables.get('other.plain')).toMatchObject({ rows: '1', newest_hour: null });
    expect(tables.get('other.empty')).toMatchObject({ rows: '0', bytes: '0', newest_hour: null });
    expect([...tables.keys()]).toEqual([...tables.keys()].toSorted());
  });
  it('fit into 80 columns, long names cut', () => {
    const long = [
      ...tables.values(),
      {
        ...(tables.get('raw.events') as TableRow),
        table: `raw.${'x'.repeat(90)}`,
        process_name: 'y'.repeat(90),
      },
    ];
    const lines = tablesText(long).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
    expect(lines.find((line) => line.startsWith('facts.overwritten'))).toMatch(
      /^facts\.overwritten +7 +\S+ k?B +2023-09-14 02h +overwrite_load$/,
    );
    expect(tablesText([])).toContain('psyberg sql --file');
  });
});

describe('the definition of a table', () => {
  it.each(['other.hourly', 'other.plain', 'raw.events'])('makes %s again', async (name) => {
    const text = await psyberg.tableDefinition(name);
    const copy = `${name}_again`;
    await psyberg.sql(text.replace(name, copy));
    expect(await psyberg.tableDefinition(copy)).toBe(text.replace(name, copy));
  });
  it('is found in any case, and a slip is corrected', async () => {
    expect(await psyberg.tableDefinition('OTHER.Hourly')).toContain(
      'create table other.hourly (\n  ts timestamptz,\n  n bigint not null\n) partitioned by (hour("ts"), bucket(4, "n")) with (\'format-version\' = \'2\'',
    );
    await expect(psyberg.tableDefinition('other.huorly')).rejects.toMatchObject({
      code: 'table-missing',
      hint: 'did you mean other.hourly?',
    });
    expect(definitionOf(tableId('other.empty'), await world.metadata('other.empty'))).toContain('a integer');
  });
});

it('a table whose partition columns are gone is refused before DuckDB ends the process; it can be written and dropped', async () => {
  const old = await createWorld({ processes: [overwriteLoad()] });
  try {
    await old.create('raw.events', 'id bigint, ts timestamptz, region varchar', { partitionedBy: 'region' });
    await old.land('raw.events', events(0, 3, 0).replace(' from ', ", 'eu' as region from "));
    await old.commit('raw.events', [
      { action: 'add-spec', spec: { 'spec-id': -1, fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    await old.sql('alter table raw.events drop column region');
    for (const query of [
      'select count(*) from raw.events',
      'describe raw.events',
      'insert into raw.events from raw.events',
      'update raw.events set id = 1',
    ])
      await expect(old.sql(query)).rejects.toMatchObject({
        code: 'partition-column-dropped',
        context: { table: 'raw.events', column: 'region' },
      });
    expect(await old.sql('show all tables')).toHaveLength(1);
    await old.land('raw.events', events(20, 3, 2));
    await old.sql('drop table raw.events');
  } finally {
    await old.close();
  }
});
