// Goal: which hours old SQL made is told from data alone, whatever became of the target since. Method: worlds whose
// target is compacted, expired, rolled back, adopted or made by an earlier release between sessions of edited SQL.
import { describe, expect, it } from 'vitest';
import { SESSION } from '../../src/state/tables/session.ts';
import { appendLoad, events, overwriteLoad } from '../support/event-tables.ts';
import { hourNumbers, type ProcessFile, tableId, type World, worldForTest } from '../support/world.ts';

const at = (hours: readonly number[]): string =>
  hours.map((hour) => events(hour * 10, 2, hour)).join(' union all ');

async function worldOf(process: ProcessFile, hours: readonly number[]): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', at(hours));
  return world;
}
async function edit(world: World, process: ProcessFile, sql: string): Promise<void> {
  world.writeProcess({ ...process, sql });
  await world.reopen();
}
async function told(world: World, { header }: ProcessFile): Promise<number[] | null> {
  const { sql_changed: changed } = await world.plan(header.process_name);
  return changed == null ? null : hourNumbers(changed.hours);
}
const NEW_SQL = 'select id, ts from e where id >= 0';

describe('a process of hours', () => {
  const process = overwriteLoad();
  const { process_name: name } = process.header;

  it('knows them after its own compaction and expiry, and after those of another engine', {
    timeout: 120_000,
  }, async () => {
    const world = await worldOf(process, [0, 1, 2]);
    await world.publish(name);
    await edit(world, process, NEW_SQL);
    await world.land('raw.events', events(100, 1, 1));
    await world.publish(name);
    await world.psyberg.maintain(['facts.overwritten'], { olderThanMs: 0, retainLast: 1 });
    expect(await told(world, process)).toEqual([0, 2]);

    await world.changeFiles('facts.overwritten', { operation: 'replace' });
    const history = await world.history('facts.overwritten');
    await world.expire(
      'facts.overwritten',
      history.slice(0, -1).map((each) => each['snapshot-id']),
    );
    await world.reopen();
    expect((await world.history('facts.overwritten')).length).toBe(1);
    expect(await told(world, process)).toEqual([0, 2]);
    const [status] = await world.psyberg.status([name]);
    expect(hourNumbers(status?.sql_changed?.hours ?? [])).toEqual([0, 2]);
    // The next session takes what the session table told into its summary.
    await world.land('raw.events', events(200, 1, 0));
    await world.publish(name);
    expect(await told(world, process)).toEqual([2]);
  });

  it('forgets a session that was rolled back', { timeout: 120_000 }, async () => {
    const world = await worldOf(process, [0, 1]);
    await world.publish(name);
    const [first] = await world.history('facts.overwritten');
    await edit(world, process, NEW_SQL);
    await world.land('raw.events', at([0, 1]));
    await world.publish(name);
    expect(await told(world, process)).toBeNull();
    await world.rollback('facts.overwritten', first?.['snapshot-id'] as bigint);
    expect(await told(world, process)).toEqual([0, 1]);
  });

  it('says nothing of hours that other means have filled, or an earlier release', {
    timeout: 120_000,
  }, async () => {
    const world = await worldOf(process, [0, 1]);
    await world.create('facts.overwritten', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.land('facts.overwritten', at([0, 1]));
    await world.psyberg.adopt(name);
    await edit(world, process, NEW_SQL);
    expect(await told(world, process)).toBeNull();
    await world.land('raw.events', events(100, 1, 1));
    await world.publish(name);
    await edit(world, process, `${NEW_SQL} and id < 1000`);
    expect(await told(world, process)).toEqual([1]);
  });

  it('goes on with what the old name of a renamed process made', { timeout: 120_000 }, async () => {
    const world = await worldOf(process, [0, 1]);
    await world.publish(name);
    const renamed = { ...process, header: { ...process.header, process_name: 'renamed_load' } };
    world.write(
      `processes/${name}.sql`,
      '/*---\nprocess_name: other\npattern: stateless\nsources: [{ table: raw.events }]\ntarget: { table: facts.other }\n---*/\nselect id from events',
    );
    world.writeProcess(renamed);
    await world.reopen();
    await world.psyberg.adopt('renamed_load', new Map(), { from: name });
    expect(await told(world, renamed)).toBeNull();
    await edit(world, renamed, NEW_SQL);
    expect(await told(world, renamed)).toEqual([0, 1]);
  });
});

it('a stateless process: an hour that both appended to is old', { timeout: 120_000 }, async () => {
  const process = appendLoad();
  const world = await worldOf(process, [0, 1]);
  await world.publish('append_load');
  await edit(world, process, NEW_SQL);
  await world.land('raw.events', at([1, 2]));
  await world.publish('append_load');
  expect(await told(world, process)).toEqual([0, 1]);
});

it('a stateless process without an event time: that it changed, and no hours', {
  timeout: 120_000,
}, async () => {
  const process = appendLoad({ event_time: undefined });
  const world = await worldOf(process, [0, 1]);
  await world.publish('append_load');
  expect(await told(world, process)).toBeNull();
  await edit(world, process, NEW_SQL);
  expect(await told(world, process)).toEqual([]);
});

it('a session table of an earlier release gets its columns, and keeps its rows', {
  timeout: 120_000,
}, async () => {
  const process = overwriteLoad();
  const world = await worldOf(process, [0]);
  const columns = SESSION.columns.filter(({ name }) => !SESSION.added.has(name));
  const { client } = world.psyberg.internals;
  await client.createNamespace(['psyberg']);
  await client.createTable(tableId('psyberg.psyberg_session_f'), {
    schema: {
      type: 'struct',
      fields: columns.map(({ name, type }, index) => ({ id: index + 1, name, required: false, type })),
    },
    partitionSpec: {
      fields: [{ name: 'process_name', transform: 'identity', 'source-id': 1, 'field-id': 1000 }],
    },
    properties: { 'format-version': '2' },
  });
  await world.sql(
    "insert into psyberg.psyberg_session_f by name select 'old_load' as process_name, '20200101000000' as psyberg_session_id, 'published' as status",
  );
  expect(await told(world, process)).toBeNull();
  await world.publish('overwrite_load');
  expect(await world.rows('select process_name, sql is null as bare from psyberg.psyberg_session_f')).toEqual(
    ['["old_load",true]', '["overwrite_load",false]'],
  );
});
