// Goal: diff says which rows came, went and changed between two snapshots, by hour and by key, and reads only
// files in which they differ. Method: one table with appends, an overwrite, row deletes and a new column.
import { expect, it } from 'vitest';
import { countProcess, EVENTS, events } from '../support/count-events.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const idsOf = async (world: World, table: string): Promise<string[]> =>
  (await world.history(table)).map((each) => String(each['snapshot-id']));

it('tells added, removed and changed rows by hour, and reads only files that differ', async () => {
  const world = await worldForTest({ processes: [countProcess()] });
  await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
  for (const hour of [0, 1, 2]) await world.land('raw.events', events(hour * 10, 5, hour));
  await world.publish('count_load');
  await world.land('raw.events', `${events(40, 2, 1, 3)} union all ${events(50, 3, 3, 3)}`);
  await world.publish('count_load');
  const [first, second] = (await idsOf(world, 'facts.counts')) as [string, string];
  const found = await world.psyberg.diff('facts.counts', { at: `${first}..main` });
  expect(found).toEqual({
    table: 'facts.counts',
    ...{ from: first, to: second, from_name: first, to_name: 'main', key: ['h'] },
    ...{ added: '1', removed: '0', changed: '1' },
    hours: [
      { hour: hourAt(1), added: '0', removed: '0', changed: '1' },
      { hour: hourAt(3), added: '1', removed: '0', changed: '0' },
    ],
    sample: {
      added: [{ h: hourAt(3), n: 3n, ids: 153n }],
      removed: [],
      changed: [
        {
          from: { h: hourAt(1), n: 5n, ids: 60n },
          to: { h: hourAt(1), n: 7n, ids: 141n },
          columns: ['n', 'ids'],
        },
      ],
    },
    files: { from: 2, to: 3, shared: 1 },
    notes: [],
  });
  // What the last snapshot changed, and the way back.
  const alone = await world.psyberg.diff('facts.counts', { at: 'main' });
  expect({ ...alone, from_name: first }).toEqual(found);
  const back = await world.psyberg.diff('facts.counts', { at: `main..${first}`, sampleRows: 0 });
  expect(back).toMatchObject({ added: '0', removed: '1', changed: '1', sample: { removed: [] } });
  // A source has its hours by those who read it; without a key nothing is changed.
  const raw = await world.psyberg.diff('raw.events', { at: 'main' });
  expect(raw).toMatchObject({ key: null, added: '5', changed: '0', files: { from: 0, to: 1, shared: 3 } });
  expect(raw.hours.map(({ hour, added }) => [hour, added])).toEqual([
    [hourAt(1), '2'],
    [hourAt(3), '3'],
  ]);
});

it('follows row deletes, updates by key, branches and new columns', async () => {
  const world = await worldForTest({ processes: [countProcess()] });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', events(0, 5, 0));
  await world.land('raw.events', events(10, 5, 1));
  await world.sql('delete from raw.events where id = 3');
  const deleted = await world.psyberg.diff('raw.events', { at: 'main' });
  expect(deleted).toMatchObject({
    ...{ added: '0', removed: '1', changed: '0' },
    sample: { removed: [{ id: 3n }] },
    files: { from: 1, to: 1, shared: 1 },
  });
  const [, second] = await idsOf(world, 'raw.events');
  await world.commit('raw.events', [
    {
      action: 'set-snapshot-ref',
      'ref-name': 'audited',
      type: 'branch',
      'snapshot-id': BigInt(second as string),
    },
  ]);
  await world.sql('update raw.events set landing_hour = 9 where id = 10');
  const branch = await world.psyberg.diff('raw.events', { branch: 'audited', key: ['ID'] });
  expect(branch).toMatchObject({
    ...{ from_name: 'main', to_name: 'audited', key: ['id'], added: '1', removed: '0', changed: '1' },
    sample: { changed: [{ columns: ['landing_hour'] }] },
  });
  await world.sql('alter table raw.events add column note varchar');
  await world.sql("insert into raw.events values (99, timestamptz '2023-09-14 05:00:00Z', 5, 'new')");
  const widened = await world.psyberg.diff('raw.events', { at: 'main' });
  expect(widened).toMatchObject({
    added: '1',
    removed: '0',
    notes: ['new column, NULL in rows from before: note'],
  });
  for (const [request, code] of [
    [{ at: 'nowhere' }, 'snapshot-unknown'],
    [{ at: '1..main' }, 'snapshot-unknown'],
    [{ branch: 'nowhere' }, 'snapshot-unknown'],
    [{ at: 'main', key: ['nothing'] }, 'key-unknown'],
    [{}, 'usage'],
  ] as const)
    await expect(world.psyberg.diff('raw.events', request)).rejects.toMatchObject({ code });
  await expect(world.psyberg.diff('raw.event', { at: 'main' })).rejects.toMatchObject({
    code: 'table-missing',
    hint: expect.stringContaining('raw.events'),
  });
});
