/** Events, and the processes that append or count them by the hour: what scenarios of the patterns share. */
import { expect } from 'vitest';
import { hourAt, processFile, type World } from './world.ts';

export const EVENTS = 'id bigint, ts timestamptz, landing_hour int';
/** `count` rows from `first` on, all in one event hour, landed in another. */
export const events = (first: number, count: number, hour: number, landingHour = hour): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts, ${landingHour} as landing_hour from range(${first}, ${first + count}) t(i)`;

export const appendProcess = (source: object = {}) =>
  processFile(
    {
      process_name: 'signup_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.signups', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count', { unique: { columns: ['id'] } }],
    },
    'select id, ts from e',
  );

export const countProcess = (extra: { source?: object; header?: object; target?: object } = {}) =>
  processFile(
    {
      process_name: 'count_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...extra.source }],
      target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'], ...extra.target },
      audits: [{ unique: { columns: ['h'] } }],
      ...extra.header,
    },
    "select date_trunc('hour', ts) as h, count(*) as n, sum(id)::bigint as ids from e group by 1",
  );
const COUNTS =
  "select date_trunc('hour', ts) as h, count(*) as n, sum(id)::bigint as ids from raw.events where ts is not null group by 1";

/** The target holds what the query says of the whole source, up to an hour. */
export async function expectCounts(world: World, upTo?: string): Promise<void> {
  expect(await world.rows('select h, n, ids from facts.counts')).toEqual(
    await world.rows(
      upTo === undefined ? COUNTS : `select * from (${COUNTS}) where h <= timestamptz '${upTo}'`,
    ),
  );
}
