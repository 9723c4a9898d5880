/**
 * Events of countries, and a stateful process of them whose target is laid out as the test says.
 */
import { hourAt, processFile } from './world.ts';

export const EVENT_COLUMNS = 'id bigint, ts timestamptz, country varchar';
export const countryEvents = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts, ['de','fr','it'][1 + i % 3] as country from range(${first}, ${first + count}) t(i)`;

export const countryProcess = (target: object, sql = 'select id, ts, country from e', header: object = {}) =>
  processFile(
    {
      process_name: 'event_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.events', event_time: 'ts', ...target },
      ...header,
    },
    sql,
  );
