// Goal: of a join of two sources whose hours nothing ties nothing is published that is not what the SQL gives over
// whole tables, as far as the hours around a session show it. Method: partners within the hour, across its end, a day
// and two days away, in one session and in several; targets held against their SQL.
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/index.ts';
import { expectVerified } from '../support/verified.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const PAID =
  'select o.id, o.ts, p.id is not null as is_paid from orders as o left join payments as p using (id)';

const paid = (more: object = {}, payments: object = {}, sql = PAID): ProcessFile =>
  processFile(
    {
      process_name: 'paid',
      pattern: 'stateful',
      sources: [
        { table: 'raw.orders', event_time: 'ts' },
        { table: 'raw.payments', event_time: 'ts', ...payments },
      ],
      target: { table: 'facts.paid', event_time: 'ts' },
      ...more,
    },
    sql,
  );

/** Ids by the hour in which they lie. */
type Rows = readonly (readonly [id: number, hour: number])[];

async function land(world: World, orders: Rows, payments: Rows): Promise<void> {
  const rows = (given: Rows): string =>
    given.map(([id, hour]) => `select ${id}, timestamptz '${hourAt(hour)}'`).join(' union all ');
  await world.land('raw.orders', rows(orders));
  await world.land('raw.payments', rows(payments));
}

async function worldOf(file: ProcessFile): Promise<World> {
  const world = await worldForTest({ processes: [file] });
  for (const table of ['raw.orders', 'raw.payments']) await world.create(table, 'id int, ts timestamptz');
  return world;
}

const session = async (world: World): Promise<RunRecord | undefined> => (await world.run())[0];

it('publishes a first session of all hours, and later ones whose rows meet within them', async () => {
  const world = await worldOf(paid());
  await land(
    world,
    [
      [1, 0],
      [2, 1],
    ],
    [
      [1, 1],
      [2, 1],
    ],
  );
  expect((await world.psyberg.plan())[0]).toMatchObject({ compares_rows: true, compares_joins: true });
  expect(await session(world)).toMatchObject({
    status: 'published',
    warnings: [{ code: 'join-without-window' }],
  });
  await land(
    world,
    [
      [3, 2],
      [4, 3],
    ],
    [
      [3, 3],
      [4, 3],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'paid');
});

it.each([
  ['the hour before', 3, 2],
  ['a day before', 23, 1],
])('refuses a row whose partner lies in %s, which is not loaded again', async (_name, hour, before) => {
  const world = await worldOf(paid());
  await land(
    world,
    [[1, before]],
    [
      [1, before],
      [2, before],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(world, [[2, hour]], [[9, hour]]);
  const record = await session(world);
  expect(record).toMatchObject({ status: 'refused', error: { code: 'join-without-window' } });
  expect(record?.error?.hint).toContain('window: { before: 1d, key: id }');
  expect(await world.rows('select id from facts.paid')).toEqual(['[1]']);
  expect(await world.leftovers()).toEqual([]);
});

it('refuses to publish nothing where a partner of the hour before would give a row', async () => {
  const world = await worldOf(paid({}, {}, PAID.replace('left join', 'join')));
  await land(
    world,
    [[1, 2]],
    [
      [1, 2],
      [2, 2],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(world, [[2, 3]], [[9, 3]]);
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'join-without-window' },
  });
});

it('refuses an hour whose rows would get another partner of the hour after it', async () => {
  const world = await worldOf(paid());
  await land(
    world,
    [
      [1, 2],
      [2, 3],
    ],
    [
      [1, 2],
      [3, 3],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(world, [[3, 2]], [[7, 2]]);
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'join-without-window', context: { hour: hourAt(2) } },
  });
});

it.each([
  ['a window', {}, { window: { before: '3h', key: 'id' } }, PAID],
  ['the hours of both', {}, {}, `${PAID} and date_trunc('hour', o.ts) = date_trunc('hour', p.ts)`],
] as const)('compares nothing with %s', async (_name, more, payments, sql) => {
  const tied = sql.replace('using (id) and', 'on o.id = p.id and');
  const world = await worldOf(paid(more, payments, tied));
  await land(
    world,
    [[1, 0]],
    [
      [1, 0],
      [2, 0],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(world, [[2, 2]], [[9, 2]]);
  expect((await world.psyberg.plan())[0]).not.toHaveProperty('compares_joins');
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'paid');
});

it('publishes what the header says is meant so', async () => {
  const world = await worldOf(paid({ accept: ['join-without-window'] }));
  await land(
    world,
    [[1, 2]],
    [
      [1, 2],
      [2, 2],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(world, [[2, 3]], [[9, 3]]);
  const [plan] = await world.psyberg.plan();
  expect(plan).toMatchObject({ warnings: [] });
  expect(plan).not.toHaveProperty('compares_rows');
  expect(await session(world)).toMatchObject({ status: 'published' });
});

it('holds days against the days around them', async () => {
  const daily = `select o.id, date_trunc('day', o.ts) as ts, count(p.id) as payments
    from orders as o left join payments as p using (id) group by all`;
  const world = await worldOf(paid({ grain: 'day' }, {}, daily));
  await land(
    world,
    [
      [1, 1],
      [4, 24],
    ],
    [
      [1, 20],
      [2, 23],
      [4, 23],
      [5, 24],
    ],
  );
  await land(world, [[5, 23]], [[5, 23]]);
  world.nowMs = Date.parse(hourAt(60));
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(
    world,
    [
      [2, 30],
      [6, 48],
    ],
    [
      [6, 47],
      [7, 48],
    ],
  );
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'join-without-window' },
  });
});

const HOUR_BACK = { window: { before: '1h' } };

it('refuses rows that lie further apart than the window, where a session shows them', async () => {
  const world = await worldOf(paid({}, HOUR_BACK));
  await land(
    world,
    [
      [1, 0],
      [2, 3],
    ],
    [
      [2, 0],
      [9, 3],
    ],
  );
  const [plan] = await world.psyberg.plan();
  expect(plan).toMatchObject({ warnings: [], compares_rows: true });
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
});

it('publishes rows within the window, although the query does not say so', async () => {
  const world = await worldOf(paid({}, HOUR_BACK));
  await land(
    world,
    [
      [1, 0],
      [2, 1],
      [3, 3],
    ],
    [
      [2, 0],
      [3, 2],
      [9, 3],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await land(
    world,
    [[4, 4]],
    [
      [4, 3],
      [10, 4],
    ],
  );
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'paid');
});
