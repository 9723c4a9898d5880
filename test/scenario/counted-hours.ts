/** Dimensions that return a row for an hour without any of their source, and what their SQL over all of it is. */
import { expect } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

export const process = (name: string, sql: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: name,
      pattern: 'dimension',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: `dims.${name}`, event_time: 'h', partition_by: ['hour(h)'] },
      ...more,
    },
    sql,
  );

/** A row for every hour, and how many rows there were so far. */
export const COUNTS = process(
  'counts',
  `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total
from events`,
);
/** A row for every hour in which nothing happened. */
export const GAPS = process(
  'gaps',
  'select $range_start::timestamptz as h, n from (select count(*) as n from events) where n = 0',
);

export const HOURS = (upTo: number): string =>
  `(select unnest(generate_series(date_trunc('hour', min(ts)), timestamptz '${hourAt(upTo)}', interval 1 hour)) as h from raw.events)`;
const counted = (upTo: number): string =>
  `select h, (select count(*) from raw.events where date_trunc('hour', ts) = h) as n, (select count(*) from raw.events where ts < h + interval 1 hour) as total from ${HOURS(upTo)}`;

export async function expectRight(world: World, upTo: number): Promise<void> {
  await world.run();
  const wanted = counted(upTo);
  expect(await world.rows('select h, n, total from dims.counts')).toEqual(await world.rows(wanted));
  expect(await world.rows('select h, n from dims.gaps')).toEqual(
    await world.rows(`select h, n from (${wanted}) where n = 0`),
  );
  await expectVerified(world, 'counts');
  await expectVerified(world, 'gaps');
}

export const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + interval 5 minute`;

export const hoursOf = async (world: World): Promise<number[]> =>
  hourNumbers(
    (await world.sql('select h::varchar as h from dims.counts order by h')).map(({ h }) => String(h)),
  );

/** Rows in hours 2, 3, 6 and 8, a file each. */
export async function fourHours(options: { readonly formatVersion?: string } = {}): Promise<World> {
  const world = await worldForTest({ processes: [COUNTS, GAPS] });
  await world.create('raw.events', 'id int, ts timestamptz', options);
  for (const hour of [2, 3, 6, 8]) await world.land('raw.events', event(hour, hour));
  await expectRight(world, 8);
  return world;
}
