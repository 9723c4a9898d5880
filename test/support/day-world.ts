/** A chain of hours and days: an hourly table, a daily target, and what reads both. */
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from './world.ts';

const EVENTS = { table: 'raw.events', event_time: 'ts' };
export const byDay = (more: Record<string, unknown> = {}, sql?: string): ProcessFile =>
  processFile(
    {
      process_name: 'by_day_load',
      pattern: 'stateful',
      grain: 'day',
      sources: [EVENTS],
      target: { table: 'facts.by_day', event_time: 'day' },
      ...more,
    },
    sql ?? 'select ts::date as day, count(*)::integer as n from events group by all',
  );
export const total = (more: Record<string, unknown> = {}): ProcessFile =>
  processFile(
    {
      process_name: 'total_load',
      pattern: 'dimension',
      grain: 'day',
      sources: [{ table: 'facts.by_day', event_time: 'day' }],
      target: { table: 'facts.total', event_time: 'day' },
      ...more,
    },
    `select $first_hour::date as day, sum(n)::integer as n, count(*)::integer as seen
     from (select n from by_day union all select n from previous) having count(*) > 0`,
  );
export const DAY_AND_HOUR = processFile(
  {
    process_name: 'share_load',
    pattern: 'stateful',
    sources: [EVENTS, { table: 'facts.by_day', event_time: 'day' }],
    target: { table: 'facts.share', event_time: 'ts' },
  },
  'select e.id, e.ts, d.n as of_day from events e left join by_day d on d.day = e.ts::date',
);

/** A row in each of the hours. */
export const land = (world: World, ...hours: readonly number[]): Promise<void> =>
  world.land(
    'raw.events',
    `select * from (values ${hours.map((hour) => `(${hour}, timestamptz '${hourAt(hour)}' + interval 10 minute)`).join(', ')})`,
  );

export async function worldOf(...processes: readonly ProcessFile[]): Promise<World> {
  const world = await worldForTest({ processes });
  await world.create('raw.events', 'id integer, ts timestamptz');
  return world;
}
