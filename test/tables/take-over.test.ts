// Goal: of files that another engine wrote psyberg takes what their manifest states, and no more. Method: a
// table that DuckDB's own INSERT wrote stands for the one that was collected; counts are compared with its rows.
import { expect, it } from 'vitest';
import { takeOverFiles } from '../../src/tables/write/take-over.ts';
import { hourAt, worldForTest } from '../support/world.ts';

it('counts rows, hours, and the columns in which nothing is NULL', async () => {
  const world = await worldForTest();
  await world.create('raw.events', 'id bigint, ts timestamptz, note varchar, tags varchar[]', {
    partitionedBy: 'hour(ts)',
  });
  await world.land(
    'raw.events',
    `select range as id, timestamptz '${hourAt(0)}' + to_minutes(range * 40) as ts, case when range <> 1 then 'x' end as note, ['t'] as tags from range(3)`,
  );
  const engine = await world.psyberg.internals.engine();
  const metadata = await world.metadata('raw.events');
  const taken = async (eventTime: string | undefined) => {
    const destination = `${world.root}/taken-${eventTime}.avro`;
    const found = await takeOverFiles(engine, metadata, { destination, eventTime });
    expect(found?.manifest).toMatchObject({ path: destination, specId: 0 });
    expect(found?.paths).toHaveLength(2);
    expect(await world.rows(`select distinct status, snapshot_id from read_avro('${destination}')`)).toEqual([
      '[1,null]',
    ]);
    return found?.counts;
  };
  const [first] = [Date.parse(hourAt(0)) / 3_600_000];
  const counts = await taken('ts');
  expect(counts).toMatchObject({ rows: 3n, columnsWithoutNull: new Set(['id', 'ts']) });
  expect(counts?.hours?.map(({ firstHour, lastHour }) => [firstHour, lastHour]).sort()).toEqual([
    [first, first],
    [first + 1, first + 1],
  ]);
  // A column that is no time says nothing of hours, and none says nothing either.
  for (const eventTime of ['note', 'id', undefined]) expect((await taken(eventTime))?.hours).toBeUndefined();
});

it('takes nothing where no row came', async () => {
  const world = await worldForTest();
  await world.create('raw.events', 'id bigint, ts timestamptz');
  const engine = await world.psyberg.internals.engine();
  const options = { destination: `${world.root}/none.avro`, eventTime: 'ts' };
  expect(await takeOverFiles(engine, await world.metadata('raw.events'), options)).toBeUndefined();
});
