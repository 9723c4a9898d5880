// Goal: a process that left the project holds nothing back unseen, and lets go when somebody says so; one of
// another project is left alone. Method: processes are taken out of a project, their sources maintained with
// no grace.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { appendLoad, events, eventWorld, inSource } from '../support/event-tables.ts';
import type { World } from '../support/world.ts';

const AT_ONCE = { olderThanMs: 0, only: ['expire'] } as const;
const tagsOf = async (world: World): Promise<string[]> =>
  Object.keys((await world.metadata('raw.events')).refs ?? {}).sort();

it('a removed process is named with what it holds, and ends with dropTag; what it had loaded it still knows', {
  timeout: 60_000,
}, async () => {
  const world = await eventWorld();
  rmSync(join(world.root, 'processes', 'append_load.sql'));
  await world.reopen();
  for (const hour of [2, 3, 4]) {
    await world.land('raw.events', events(hour * 10, 5, hour));
    await world.publish('overwrite_load');
  }
  const maintained = async () =>
    (await world.psyberg.maintain(['raw.events'], AT_ONCE)).tables[0] as unknown as {
      status: string;
      notes: string[];
      expired: object;
    };
  const before = await maintained();
  // Its watermark's snapshot and the three that came after it, less the head.
  expect(before.notes).toEqual([
    expect.stringMatching(
      /the tag psyberg_append_load is of append_load, .* holds back 3 old snapshots; .*--from append_load; .*no other project of this warehouse has it: psyberg maintain --drop-tag append_load/,
    ),
  ]);
  expect(await world.psyberg.internals.strangers()).toEqual([
    expect.objectContaining({ table: 'raw.events', what: expect.stringContaining('append_load') }),
  ]);
  expect(await tagsOf(world)).toEqual(['main', 'psyberg_append_load', 'psyberg_overwrite_load']);

  await expect(world.psyberg.dropTag('overwrite_load')).rejects.toMatchObject({
    code: 'drop-tag-in-use',
    kind: 'refused',
  });
  await expect(world.psyberg.dropTag('nobody')).rejects.toMatchObject({
    code: 'tag-unknown',
    kind: 'usage',
    hint: 'there are those of append_load',
  });
  const tag = { table: 'raw.events', process_name: 'append_load', tag: 'psyberg_append_load' };
  expect(await world.psyberg.dropTag('psyberg_append_load', { dryRun: true })).toMatchObject([tag]);
  expect(await tagsOf(world)).toContain('psyberg_append_load');
  expect(await world.psyberg.dropTag('append_load')).toMatchObject([tag]);
  expect(await tagsOf(world)).toEqual(['main', 'psyberg_overwrite_load']);
  expect(await world.psyberg.internals.strangers()).toEqual([]);
  const after = await maintained();
  expect([after.notes, after.expired]).toEqual([[], expect.objectContaining({ snapshots: 3 })]);
  expect(await world.history('raw.events')).toHaveLength(1);

  // It comes back: it goes on from what it had loaded, as after any expiry, and holds again.
  world.writeProcess(appendLoad());
  await world.reopen();
  await world.publish('append_load');
  expect(await world.rows('select id, ts from facts.appended')).toEqual(await inSource(world));
  rmSync(join(world.root, 'processes', 'append_load.sql'));
  await world.reopen();
  expect(await world.psyberg.internals.strangers()).toHaveLength(1);
});
