// Goal: a process under a new name, or with a target that somebody filled, never loads a row twice and loses
// none. Method: processes are renamed as a person does it, by another name in another file; what the targets
// hold is compared with the sources.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protectionTag } from '../../src/model/names.ts';
import { appendLoad, events, inSource, runOne } from '../support/event-tables.ts';
import {
  hourAt,
  hourNumbers,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const named = ({ header, sql }: ProcessFile, name: string, target: object = {}): ProcessFile => ({
  header: {
    ...header,
    process_name: name,
    target: { ...(header['target'] as object), ...target },
  },
  sql,
});
/** A file under another name in the place of the old one. */
async function rename(world: World, file: ProcessFile, name: string, target: object = {}): Promise<void> {
  rmSync(join(world.root, 'processes', `${file.header.process_name}.sql`));
  world.writeProcess(named(file, name, target));
  await world.reopen();
}
const tags = async (world: World, table: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries((await world.metadata(table)).refs ?? {}).flatMap(([ref, each]) =>
      each.type === 'tag' ? [[ref, String(each['snapshot-id'])]] : [],
    ),
  );

/** An hour of the target waits for both sources; what is read below it waits for its signal. */
const joined = processFile(
  {
    process_name: 'a_load',
    pattern: 'stateful',
    sources: [
      { table: 'raw.events', event_time: 'ts', alias: 'e' },
      { table: 'raw.marks', event_time: 'ts', alias: 'm' },
    ],
    target: { table: 'facts.a', event_time: 'ts', partition_by: ['hour(ts)'] },
  },
  "select e.id, e.ts, count(m.id) as marks from e left join m on date_trunc('hour', m.ts) = date_trunc('hour', e.ts) group by all",
);
const below = processFile(
  {
    process_name: 'b_load',
    pattern: 'stateful',
    sources: [{ table: 'facts.a', event_time: 'ts', alias: 'a', vtts: { from: 'signal' } }],
    target: { table: 'facts.b', event_time: 'ts', partition_by: ['hour(ts)'] },
  },
  'select id, ts, marks from a',
);
const RECOMPUTED =
  "select e.id, e.ts, count(m.id) as marks from raw.events e left join raw.marks m on date_trunc('hour', m.ts) = date_trunc('hour', e.ts) group by all";

describe('a renamed process', () => {
  it('is refused, and goes on with --from: what is owed is loaded, downstream too, and the old name is gone', {
    timeout: 120_000,
  }, async () => {
    const world = await worldForTest({ processes: [joined, below] });
    for (const table of ['raw.events', 'raw.marks']) await world.create(table, 'id bigint, ts timestamptz');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 3, hour)).join(' union all '));
    await world.land('raw.marks', [0, 1].map((hour) => events(hour * 10, 2, hour)).join(' union all '));
    expect((await world.run()).map(({ status }) => status)).toEqual(['published', 'published']);
    const before = await world.rows('from facts.a');
    const held = await tags(world, 'raw.marks');
    expect(Object.keys(held)).toEqual([protectionTag('a_load')]);
    await rename(world, joined, 'a2_load');

    for (const plan of [
      () => world.plan('a2_load'),
      () =>
        world.psyberg.internals.planProcess(
          world.psyberg.project.processes.find((spec) => spec.processName === 'a2_load') as never,
          { psybergSessionId: '20990101000001' },
        ),
    ])
      await expect(plan()).rejects.toMatchObject({
        code: 'target-not-empty',
        kind: 'refused',
        message: expect.stringContaining('holds 6 rows, and a_load has published to it'),
        hint: expect.stringMatching(/psyberg adopt a2_load --from a_load.*existing_rows: keep/),
      });
    expect((await world.run()).map(({ status, error }) => [status, error?.code])).toEqual([
      ['refused', 'target-not-empty'],
      ['failed', 'upstream-failed'],
    ]);
    await expect(world.psyberg.adopt('a2_load')).rejects.toMatchObject({
      code: 'adoption-skips-rows',
      kind: 'refused',
      hint: expect.stringContaining('--from a_load'),
    });
    for (const [from, code, text] of [
      ['b_load', 'adopt-from-in-use', 'is still a process of this project'],
      ['a2_load', 'adopt-from-in-use', 'is the process itself'],
      ['A_LOAD', 'adopt-from-unknown', 'no process named A_LOAD has published to facts.a'],
    ] as const)
      await expect(world.psyberg.adopt('a2_load', new Map(), { from })).rejects.toMatchObject({
        code,
        kind: 'refused',
        message: expect.stringContaining(text),
        ...(code === 'adopt-from-unknown' ? { hint: expect.stringContaining('--from a_load') } : {}),
      });
    expect(await world.rows('from facts.a')).toEqual(before);

    const { plan } = await world.psyberg.adopt('a2_load', new Map(), { from: 'a_load' });
    expect([hourNumbers(plan.owed_hours), plan.target.complete_to_hour]).toEqual([[2], hourAt(1)]);
    expect(await world.rows('from facts.a')).toEqual(before);
    for (const table of ['raw.events', 'raw.marks'])
      expect(Object.keys(await tags(world, table))).toEqual([protectionTag('a2_load')]);
    expect(Object.values(await tags(world, 'raw.marks'))).toEqual(Object.values(held));
    expect(Object.keys((await world.metadata('facts.a')).properties ?? {}).join()).not.toContain('.a_load');
    expect(
      await world.rows('select process_name, src_table, owed_hours from psyberg.high_water_mark_table'),
    ).toEqual([
      '["a2_load","raw.events","[\\"2023-09-14T02:00:00Z\\"]"]',
      '["a2_load","raw.marks","[]"]',
      '["b_load","facts.a","[]"]',
    ]);
    expect(
      await world.rows(
        "select process_name, vtts_utc_hour from psyberg.psyberg_signal where signal_name = 'facts.a'",
      ),
    ).toEqual(['["a2_load",1]', '["a_load",1]']);
    expect(await world.plan('a2_load')).toMatchObject({ status: 'waiting' });

    // Late rows of hour 0, and the mark that hour 2 waited for.
    await world.land('raw.events', events(100, 2, 0));
    await world.land('raw.marks', events(20, 1, 2));
    const [again] = await world.run();
    expect([again?.status, hourNumbers([again?.range?.first_hour as string])]).toEqual(['published', [0]]);
    expect(await world.rows('from facts.a')).toEqual(await world.rows(RECOMPUTED));
    expect(await world.rows('from facts.b')).toEqual(await world.rows(RECOMPUTED));
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new', 'nothing-new']);
    expect(await world.leftovers()).toEqual([]);

    // Named as before once more: its own old watermarks are a2_load's past.
    await rename(world, named(joined, 'a2_load'), 'a_load');
    await expect(world.plan('a_load')).rejects.toMatchObject({
      code: 'target-not-empty',
      message: expect.stringContaining('a2_load has taken over what a_load had loaded'),
    });
    await world.psyberg.adopt('a_load', new Map(), { from: 'a2_load' });
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new', 'nothing-new']);
  });

  it('in letter case alone, with an expired history, and after its adoption was rolled back', async () => {
    const load = appendLoad();
    const world = await worldForTest({ processes: [load] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('append_load');
    // Only the watermark table and a property tell of the process.
    await world.sql(`insert into facts.appended select 900, timestamptz '${hourAt(9)}'`);
    await world.expire('facts.appended', [
      (await world.history('facts.appended'))[0]?.['snapshot-id'] as bigint,
    ]);
    await world.land('raw.events', events(10, 5, 1));
    await rename(world, load, 'APPEND_load');
    expect(await runOne(world, 'APPEND_load')).toMatchObject({
      status: 'refused',
      error: { code: 'target-not-empty', context: { published_by: ['append_load'] } },
    });
    const adopt = () => world.psyberg.adopt('APPEND_load', new Map(), { from: 'append_load' });
    await adopt();
    expect(await runOne(world, 'APPEND_load')).toMatchObject({ status: 'published', rows_read: '5' });
    const target = () => world.rows('select id, ts from facts.appended where id < 900');
    expect(await target()).toEqual(await inSource(world));

    const [filled, adopted] = await world.history('facts.appended');
    await world.rollback('facts.appended', adopted?.['snapshot-id'] as bigint);
    expect(await runOne(world, 'APPEND_load')).toMatchObject({ status: 'published', rows_read: '5' });
    expect(await target()).toEqual(await inSource(world));
    // Before the adoption: neither name knows what the target holds, as the old one's history was expired.
    await world.rollback('facts.appended', filled?.['snapshot-id'] as bigint);
    expect(await runOne(world, 'APPEND_load')).toMatchObject({
      status: 'refused',
      error: { code: 'target-rewound' },
    });
  });

  it('of which another project runs on: its session that began before the adoption is not published', async () => {
    const load = appendLoad();
    const world = await worldForTest({ processes: [load] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('append_load');
    await world.land('raw.events', events(10, 5, 1));
    const { open } = await import('../support/open-project.ts');
    let adopting: Promise<unknown> | undefined;
    const other = await open({
      project: world.root,
      onStep(message) {
        if (message.includes('load insert')) adopting ??= adopt();
      },
    });
    const adopt = async (): Promise<void> => {
      await rename(world, load, 'new_load');
      await world.psyberg.adopt('new_load', new Map(), { from: 'append_load' });
    };
    const { client } = other.internals;
    const commit = client.commitTransaction.bind(client);
    client.commitTransaction = async (changes) => {
      await adopting;
      return commit(changes);
    };
    const [record] = await other.run(['append_load']);
    await other.close();
    expect([record?.status, record?.error?.code]).toEqual(['refused', 'target-not-empty']);
    expect(await runOne(world, 'new_load')).toMatchObject({ status: 'published', rows_read: '5' });
    expect(await world.rows('select id, ts from facts.appended')).toEqual(await inSource(world));
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('a target that somebody else filled', () => {
  const PATTERNS = {
    stateless: 'select id, ts from e',
    stateful: 'select id, ts from e',
    dimension: "select coalesce(max(id), 0) as id, $range_start at time zone 'UTC' as ts from e",
  } as const;

  it.for(['stateless', 'stateful', 'dimension'] as const)(
    '%s: the first session is refused, also while its rows come, and not once they are gone',
    async (pattern) => {
      const header = {
        process_name: 'load',
        pattern,
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.t', event_time: 'ts', partition_by: ['hour(ts)'] },
      };
      const world = await worldForTest({ processes: [processFile(header, PATTERNS[pattern])] });
      await world.create('raw.events', 'id bigint, ts timestamptz');
      await world.create('facts.t', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
      await world.land('raw.events', events(0, 5, 0));
      // The session stages at the same time: whose commit comes second is refused by DuckDB, and people try again.
      const landed = async (rows: string, attempts = 5): Promise<void> => {
        try {
          await world.land('facts.t', rows);
        } catch (error) {
          if (attempts === 1 || !String(error).includes('CommitFailedException')) throw error;
          await landed(rows, attempts - 1);
        }
      };
      // While it is at work, somebody's first rows come.
      let landing: Promise<void> | undefined;
      await world.reopen({
        onStep(message) {
          if (message.includes('load insert'))
            landing ??= landed(`select 900 as id, timestamptz '${hourAt(9)}' as ts`);
        },
      });
      const { client } = world.psyberg.internals;
      const commit = client.commitTransaction.bind(client);
      client.commitTransaction = async (changes) => {
        await landing;
        return commit(changes);
      };
      const [plan] = await world.psyberg.plan(['load']);
      expect(await runOne(world, 'load')).toMatchObject({
        status: 'refused',
        error: { code: 'target-not-empty', context: { rows: '1', published_by: [] } },
      });
      expect(await world.rows('from facts.t')).toEqual([`["900","${hourAt(9)}"]`]);
      expect(await world.leftovers()).toEqual([]);
      const [planned] = await world.psyberg.run(undefined, { plans: [plan as never] });
      expect(planned?.error?.code).toBe('target-not-empty');
      // Row by row, so that its summary still counts it.
      await world.sql('delete from facts.t where id = 900');
      expect(await runOne(world, 'load')).toMatchObject({ status: 'published', error: null });
      expect(await world.rows('select count(*) from facts.t')).toEqual([
        pattern === 'dimension' ? '["1"]' : '["5"]',
      ]);
    },
  );
});

describe('a process that was renamed, adopted its target, and was renamed back', () => {
  it('is refused: what the other name loaded since would be loaded once more', async () => {
    const load = appendLoad();
    const world = await worldForTest({ processes: [load] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 3, 0));
    const name = load.header.process_name;
    await world.publish(name);
    await rename(world, load, 'other_load');
    await world.psyberg.adopt('other_load', new Map([['', { kind: 'now' }]]));
    await world.land('raw.events', events(10, 3, 1));
    await world.publish('other_load');
    const before = await world.rows('from facts.appended');
    rmSync(join(world.root, 'processes', 'other_load.sql'));
    world.writeProcess(load);
    await world.reopen();
    await world.land('raw.events', events(20, 3, 2));
    expect((await runOne(world, name)).error).toMatchObject({
      code: 'target-not-empty',
      message: expect.stringContaining('other_load has loaded raw.events into facts.appended'),
    });
    expect(await world.rows('from facts.appended')).toEqual(before);
  });
});
