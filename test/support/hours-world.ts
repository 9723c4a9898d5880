/**
 * A source with one hour loaded and news of two hours, for event times of any type and layout.
 */
import { hourAt, processFile, type World, worldForTest } from './world.ts';

export const hoursLoad = (source: object = {}, query = 'select id, ts from e') =>
  processFile(
    {
      process_name: 'hours_load',
      pattern: 'stateful',
      hours: 'touched',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.hours', event_time: 'ts' },
    },
    query,
  );

/** A table with one hour loaded, and rows of hours 5 and 7 that came since. */
export async function worldWithNews(options: {
  readonly columns?: string;
  readonly partitionedBy?: string;
  readonly value?: (hour: number) => string;
  readonly source?: object;
  readonly query?: string;
  readonly formatVersion?: '2' | '3';
}) {
  const world = await worldForTest({ processes: [hoursLoad(options.source, options.query)] });
  const value = options.value ?? ((hour: number) => `timestamptz '${hourAt(hour)}'`);
  const { partitionedBy, formatVersion = '2' } = options;
  await world.create('raw.events', options.columns ?? 'id bigint, ts timestamptz', {
    formatVersion,
    ...(partitionedBy === undefined ? {} : { partitionedBy }),
  });
  const land = (...rows: readonly (readonly [number, string])[]) =>
    world.land(
      'raw.events',
      `select * from (values ${rows.map(([id, text]) => `(${id}, ${text})`).join(', ')})`,
    );
  await land([1, value(1)]);
  await world.publish('hours_load');
  await land([5, value(5)], [7, value(7)]);
  return { world, land, value };
}

export const hoursTarget = (world: World) => world.rows('select id from facts.hours');
