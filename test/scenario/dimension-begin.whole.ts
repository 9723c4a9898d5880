// Goal: where a dimension begins does not depend on how its sources are declared. Method: several sources, windows with
// and without a key, a place to start from, days, sessions of few hours, completeness without rows; the earliest hours
// are deleted, and each target is verified, which computes it by its SQL over whole tables.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';
import { cancel, makeTestProject, processText } from '../testing/project.ts';

const EVENTS = { table: 'raw.events', event_time: 'ts' };
const counts = (more: object = {}, sql = ''): ProcessFile =>
  processFile(
    {
      process_name: 'counts',
      pattern: 'dimension',
      sources: [EVENTS],
      target: { table: 'dims.counts', event_time: 'h', partition_by: ['hour(h)'] },
      ...more,
    },
    `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total
from (select ts from events${sql})`,
  );

const event = (hour: number): string => `select ${hour}, timestamptz '${hourAt(hour)}' + interval 5 minute`;

async function worldOf(
  process: ProcessFile,
  tables: Readonly<Record<string, readonly number[]>>,
): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  for (const [table, hours] of Object.entries(tables)) {
    await world.create(table, 'id int, ts timestamptz');
    for (const hour of hours) await world.land(table, event(hour));
  }
  return world;
}

/** Runs until nothing is left to do, and says which hours the target has. */
async function settledHours(world: World): Promise<number[]> {
  for (let session = 0; session < 20; session += 1) if ((await world.run())[0]?.status !== 'published') break;
  await expectVerified(world, 'counts');
  return hourNumbers(
    (await world.sql('select h::varchar as h from dims.counts order by h')).map(({ h }) => String(h)),
  );
}

it('begins with the source that begins first', async () => {
  const world = await worldOf(
    counts(
      { sources: [EVENTS, { table: 'raw.others', event_time: 'ts' }] },
      ' union all select ts from others',
    ),
    { 'raw.events': [1, 5, 9], 'raw.others': [3, 8] },
  );
  expect(await settledHours(world)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await world.sql('delete from raw.events where id = 1');
  expect(await settledHours(world)).toEqual([3, 4, 5, 6, 7, 8]);
  await world.sql('delete from raw.others where id = 3');
  expect(await settledHours(world)).toEqual([5, 6, 7, 8]);
});

it('begins where a window reaches back to', async () => {
  const world = await worldOf(counts({ sources: [{ ...EVENTS, window: { before: '1h', after: '2h' } }] }), {
    'raw.events': [4, 9, 12],
  });
  expect(await settledHours(world)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await world.sql('delete from raw.events where id = 4');
  expect(await settledHours(world)).toEqual([7, 8, 9, 10]);
});

it('does not begin with rows that a key joins to those of another source', async () => {
  const world = await worldOf(
    counts(
      { sources: [EVENTS, { table: 'raw.others', event_time: 'ts', window: { after: '2h', key: 'id' } }] },
      ' union all select e.ts from events as e join others using (id)',
    ),
    { 'raw.events': [4, 9], 'raw.others': [1, 4, 9, 11] },
  );
  expect(await settledHours(world)).toEqual([4, 5, 6, 7, 8, 9]);
  await world.land('raw.others', `select 9, timestamptz '${hourAt(2)}'`);
  await world.sql('delete from raw.events where id = 4');
  expect(await settledHours(world)).toEqual([9]);
});

it('begins with the first row also where it started after a snapshot', async () => {
  const world = await worldOf(counts(), { 'raw.events': [1, 4] });
  const [, second] = await world.history('raw.events');
  world.writeProcess(counts({ sources: [{ ...EVENTS, start: String(second?.['snapshot-id']) }] }));
  await world.reopen();
  await world.land('raw.events', event(6));
  await world.land('raw.events', event(8));
  expect(await settledHours(world)).toEqual([6, 7, 8]);
  await world.sql('delete from raw.events where id in (1, 4)');
  await world.sql('delete from raw.events where id = 6');
  expect(await settledHours(world)).toEqual([8]);
});

it('begins with a day', async () => {
  const world = await worldOf(
    counts({
      grain: 'day',
      target: { table: 'dims.counts', event_time: 'h', partition_by: ['day(h)'] },
    }),
    { 'raw.events': [5, 60, 90, 119, 121] },
  );
  expect(await settledHours(world)).toEqual([0, 24, 48, 72, 96]);
  await world.sql('delete from raw.events where id = 5');
  expect(await settledHours(world)).toEqual([48, 72, 96]);
});

it('takes its first hours off in sessions of few hours', async () => {
  const world = await worldOf(counts({ catchup: { hours_per_session: 3 } }), { 'raw.events': [1, 12, 14] });
  expect(await settledHours(world)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  await world.sql('delete from raw.events where id = 1');
  expect(await settledHours(world)).toEqual([12, 13, 14]);
});

it('makes up no hour where completeness goes on without a row', async () => {
  const complete = {
    table: 'raw.events',
    event_time: 'ts',
    vtts: { sql: 'select max(upto) from raw.complete' },
  };
  const world = await worldOf(counts({ sources: [complete] }), { 'raw.events': [1, 3] });
  await world.create('raw.complete', 'upto timestamptz');
  await world.land('raw.complete', `select timestamptz '${hourAt(5)}'`);
  expect(await settledHours(world)).toEqual([1, 2, 3, 4]);
  await world.sql('delete from raw.events');
  expect(await settledHours(world)).toEqual([]);
  await world.land('raw.complete', `select timestamptz '${hourAt(9)}'`);
  expect(await settledHours(world)).toEqual([]);
  await world.land('raw.events', event(6));
  expect(await settledHours(world)).toEqual([6, 7, 8]);
});

it('keeps its newest hours where the latest rows are deleted, so that completeness goes down', async () => {
  const world = await worldOf(counts(), { 'raw.events': [1, 4, 8] });
  expect(await settledHours(world)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await world.sql('delete from raw.events where id in (4, 8)');
  expect(await settledHours(world)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await world.rows('select max(total) as total from dims.counts')).toEqual(['["1"]']);
});

it('plays the same in tests, whatever the order', async () => {
  const project = makeTestProject({
    'processes/counts.sql': processText('counts', {
      pattern: 'dimension',
      eventTime: 'h',
      sql: `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total
from cancels`,
    }),
    'tests/counts.yaml': `tests:
  - name: first hours go
    process: counts
    arrivals:
      - rows: { raw.cancels: [${cancel(1, 1)}, ${cancel(4, 4)}] }
      - rows: { raw.cancels: [${cancel(6, 6)}] }
        delete: { raw.cancels: "event_id = 1" }
        expect: { hours: [2023-09-14T01, 2023-09-14T02, 2023-09-14T03, 2023-09-14T04, 2023-09-14T05, 2023-09-14T06] }
      - rows: { raw.cancels: [${cancel(2, 2)}] }
`,
  });
  const report = await project.run();
  expect(report.failed, JSON.stringify(report, undefined, 1)).toBe(0);
});
