// Goal: rows of a stateless process that somebody cherry-picks back into its target after a rollback are not
// loaded once more, and the hint leads to right rows. Method: a target rolled back behind two sessions, of which
// one is picked.
import { expect, it } from 'vitest';
import { appended, cherryPick, events, eventWorld, inSource, snapshotIds } from '../support/event-tables.ts';

it('is refused, and loads all that the target lacks once it is rolled back', async () => {
  const world = await eventWorld();
  for (const hour of [2, 3]) {
    await world.land('raw.events', events(hour * 10, 2, hour));
    await world.publish('append_load');
  }
  const [first, , last] = (await snapshotIds(world, 'facts.appended')) as [bigint, bigint, bigint];
  await world.rollback('facts.appended', first);
  await cherryPick(world, last, 'facts.appended');
  const before = await appended(world);
  const [record] = await world.run(['append_load']);
  expect(record).toMatchObject({ status: 'refused', error: { code: 'target-picked' } });
  expect(record?.error?.hint).toContain(`roll facts.appended back to snapshot ${first} `);
  expect(await appended(world)).toEqual(before);
  await world.rollback('facts.appended', first);
  await world.publish('append_load');
  expect(await appended(world)).toEqual(await inSource(world));
});
