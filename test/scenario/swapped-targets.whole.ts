// Goal: where targets are not the tables that their processes wrote, those processes are told to need a person, all
// others go on as usual, and every way on that is told leads to right rows. Method: targets of a project are
// swapped, and one is made anew with rows; status, plan and history as commands, then the ways on, and targets held
// against their SQL over whole tables.
import { describe, expect, it } from 'vitest';
import { cli, cliJson } from '../cli/fixture.ts';
import { events } from '../support/event-tables.ts';
import { processFile, tableId, type World, worldForTest } from '../support/world.ts';

const load = (name: string, source: string, sql: string) =>
  processFile(
    {
      process_name: name,
      pattern: 'stateful',
      sources: [{ table: source, event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    sql,
  );
const SQL = {
  one: 'select id, ts from e',
  two: 'select id * 2 as id, ts from e',
  below: 'select id, ts from e',
  apart: 'select id, ts from e where id > 3',
};

async function loaded(): Promise<World> {
  const world = await worldForTest({
    processes: [
      load('one', 'raw.events', SQL.one),
      load('two', 'raw.events', SQL.two),
      load('below', 'facts.one', SQL.below),
      load('apart', 'raw.events', SQL.apart),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0, 5, 0));
  expect((await world.run()).map(({ status }) => status)).toEqual(Array(4).fill('published'));
  return world;
}

async function rename(world: World, from: string, to: string): Promise<void> {
  const { uri, token } = world.psyberg.internals.endpoint;
  const { ok, status } = await fetch(`${uri}/v1/psyberg/tables/rename`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source: tableId(from), destination: tableId(to) }),
  });
  if (!ok) throw new Error(`renamed with ${status}`);
}
async function swap(world: World): Promise<void> {
  await rename(world, 'facts.one', 'facts.kept');
  await rename(world, 'facts.two', 'facts.one');
  await rename(world, 'facts.kept', 'facts.two');
}
/** A table of that name that somebody else made and filled. */
async function replace(world: World, table: string): Promise<void> {
  await world.sql(`drop table ${table}`);
  await world.create(table, 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land(table, events(100, 2, 0));
}

const expectWhole = async (world: World, names: readonly (keyof typeof SQL)[]): Promise<void> => {
  for (const name of names) {
    const from = name === 'below' ? 'facts.one' : 'raw.events';
    expect(await world.rows(`from facts.${name}`), name).toEqual(
      await world.rows(`with e as (from ${from}) ${SQL[name]}`),
    );
  }
};
const outcomes = async (world: World): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await world.run()).map(({ process_name: name, status, error }) => [name, error?.code ?? status]),
  );

describe('targets that are other tables', () => {
  it.each([
    ['two are swapped', swap, ['one', 'two']],
    ['one was replaced', (world: World) => replace(world, 'facts.one'), ['one']],
  ])('%s: the others are told as usual', { timeout: 60_000 }, async (_what, disturb, needing) => {
    const world = await loaded();
    await disturb(world);
    const statuses = await world.psyberg.status();
    expect(statuses.map(({ process_name: name }) => name).sort()).toEqual(Object.keys(SQL).sort());
    for (const { process_name: name, error, complete_to_hour: hour, last_session: last } of statuses) {
      expect(last?.status).toBe('published');
      expect(error?.code).toBe(needing.includes(name) ? 'target-replaced' : undefined);
      expect(hour === null).toBe(error !== undefined);
      if (error !== undefined) expect(error.hint).toContain(`psyberg adopt ${name}`);
    }
    expect((await world.psyberg.history()).map(({ status }) => status)).toEqual(Array(4).fill('published'));
    const refused: Record<string, string> = {};
    const plans = await world.psyberg.plan(undefined, {
      onRefused: ({ process_name: name, error }) => {
        refused[name] = error.code;
      },
    });
    expect(plans.map(({ process_name: name }) => name).sort()).toEqual(
      ['apart', 'two'].filter((name) => !needing.includes(name)),
    );
    expect(refused).toEqual({
      ...Object.fromEntries(needing.map((name) => [name, 'target-replaced'])),
      below: 'upstream-failed',
    });
    await expect(world.psyberg.plan()).rejects.toMatchObject({ code: 'target-replaced' });
  });

  it('are told by commands, which exit with 5', { timeout: 60_000 }, async () => {
    const world = await loaded();
    await swap(world);
    const project = ['--project', world.root];
    const status = await cli('status', ...project);
    expect(status.code).toBe(5);
    expect(status.stdout.match(/needs a person \(target-replaced\)/g)).toHaveLength(2);
    expect(status.stdout).toContain('two: psyberg.high_water_mark_table holds watermarks of two');
    expect((await cliJson('status', 'apart', ...project)).code).toBe(0);
    const plan = await cliJson('plan', ...project);
    expect(plan).toMatchObject({ code: 5, json: { plans: [{ process_name: 'apart' }] } });
    const told = plan.json as { refused: { error: unknown }[]; error: unknown };
    expect(told.refused).toHaveLength(3);
    expect(told.error).toEqual(told.refused[0]?.error);
    const text = await cli('plan', '--explain', ...project);
    expect(text.code).toBe(5);
    expect(text.stdout).toContain('one needs a person (target-replaced)');
    expect(text.stdout).toContain('below waits for a person');
    // Of one process its error is all there is, and so it is of a file of plans.
    for (const argv of [
      ['plan', 'one'],
      ['plan', '--out', `${world.root}/plan.json`],
    ])
      expect(await cliJson(...argv, ...project)).toMatchObject({
        code: 5,
        json: { error: { code: 'target-replaced' } },
      });
  });

  it('are right again where they got their names back', { timeout: 60_000 }, async () => {
    const world = await loaded();
    await swap(world);
    await world.land('raw.events', events(5, 5, 1));
    expect(await outcomes(world)).toEqual({
      one: 'target-replaced',
      two: 'target-replaced',
      below: 'upstream-failed',
      apart: 'published',
    });
    await swap(world);
    expect(Object.values(await outcomes(world)).sort()).toEqual([
      'nothing-new',
      'published',
      'published',
      'published',
    ]);
    await expectWhole(world, ['one', 'two', 'below', 'apart']);
  });

  it('are right again where one was dropped and loaded anew', { timeout: 60_000 }, async () => {
    const world = await loaded();
    await replace(world, 'facts.two');
    expect((await outcomes(world))['two']).toBe('target-replaced');
    await world.sql('drop table facts.two');
    expect((await outcomes(world))['two']).toBe('published');
    await expectWhole(world, ['one', 'two', 'below', 'apart']);
  });

  it('are taken over as they are by adopt, and go on from there', { timeout: 60_000 }, async () => {
    const world = await loaded();
    await swap(world);
    for (const name of ['one', 'two']) await world.psyberg.adopt(name);
    // What was in a table stays, what comes is of the process that has it now.
    const before = { one: await world.rows('from facts.one'), two: await world.rows('from facts.two') };
    await world.land('raw.events', events(100, 5, 1));
    expect(await outcomes(world)).toMatchObject({ one: 'published', two: 'published', apart: 'published' });
    for (const name of ['one', 'two'] as const)
      expect(await world.rows(`from facts.${name}`)).toEqual(
        [
          ...before[name],
          ...(await world.rows(`with e as (from raw.events where id >= 100) ${SQL[name]}`)),
        ].sort(),
      );
    await expect(world.psyberg.adopt('one')).rejects.toMatchObject({ code: 'target-has-history' });
  });

  it('are not taken over with rows that nobody has loaded', { timeout: 60_000 }, async () => {
    const world = await loaded();
    await swap(world);
    await world.land('raw.events', events(100, 5, 1));
    await expect(world.psyberg.adopt('one')).rejects.toMatchObject({ code: 'adoption-skips-rows' });
    // Its name is that of a process, which goes on by itself.
    await expect(world.psyberg.adopt('one', new Map(), { from: 'two' })).rejects.toMatchObject({
      code: 'adopt-from-in-use',
    });
  });
});
