/** A world with a process of each pattern that has published late rows, and what verifying it finds. */
import type { Verification } from '../../src/index.ts';
import { appendProcess, countProcess, EVENTS, events } from '../support/count-events.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const state = processFile(
  {
    process_name: 'state_load',
    pattern: 'dimension',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.states', event_time: 'hour' },
  },
  `select $first_hour::timestamptz as hour, id % 3 as kind, count(*) + coalesce(max(before), 0) as total, sum(id * 0.1)::double as weight
from (select id, null as before from e union all select kind, total from previous)
group by all`,
);

export async function publishedWorld(): Promise<World> {
  const world = await worldForTest({ processes: [appendProcess(), countProcess(), state] });
  await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
  await world.land('raw.events', [0, 1, 2, 3].map((hour) => events(hour * 10, 6, hour)).join(' union all '));
  await world.run();
  // Late rows, and an hour more.
  await world.land('raw.events', `${events(50, 4, 1, 4)} union all ${events(60, 5, 4, 4)}`);
  await world.run();
  return world;
}

/** What matters of a verification. */
export const short = ({ status, missing, extra, hours }: Verification) => ({
  ...{ status, missing, extra },
  hours: hours.map(({ hour }) => hour),
});
/** Verifies one process. */
export const verified = async (world: World, name: string, hours?: string): Promise<Verification> =>
  (await world.psyberg.verify([name], hours === undefined ? {} : { hours }))[0] as Verification;
