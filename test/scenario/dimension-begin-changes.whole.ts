// Goal: a dimension begins with the first row of its sources, also where overwrites and rollbacks took the rows before.
// Method: as in dimension-begin.test.ts.
import { expect, it } from 'vitest';
import { event, expectRight, fourHours, hoursOf } from './counted-hours.ts';

it('begins later after an overwrite that leaves files of its hours out', async () => {
  const world = await fourHours();
  const first = await world.sql('select filename from raw.events where id = 2');
  await world.changeFiles('raw.events', {
    operation: 'overwrite',
    remove: (files) => files.filter(({ path }) => path === first[0]?.['filename']),
    insert: event(70, 7),
  });
  await expectRight(world, 8);
  expect((await hoursOf(world))[0]).toBe(3);
});

it('begins later after a bad load was rolled back, and its snapshot expired', async () => {
  const world = await fourHours();
  const good = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
  await world.land('raw.events', event(9, -5));
  await expectRight(world, 8);
  const bad = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
  expect((await hoursOf(world))[0]).toBe(-5);
  await world.rollback('raw.events', good);
  await world.land('raw.events', event(10, 9));
  await expectRight(world, 9);
  await world.expire('raw.events', [bad]);
  await world.sql('delete from raw.events where id = 2');
  await expectRight(world, 9);
  expect((await hoursOf(world))[0]).toBe(3);
});
