// Goal: whoever else writes to the target while a session runs, nothing is lost and nothing doubled, and work
// is repeated only where it must be. Method: another writer commits at a chosen step of the session; the
// steps tell whether it was planned anew.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { conflict } from '../../src/model/errors.ts';
import { orphans } from '../support/orphans.ts';
import { runSessionStep, type SessionStep } from '../support/session-step.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const event = (id: number, hour: number): string =>
  `select ${id}::bigint as id, timestamptz '${hourAt(hour)}' as ts`;

const PATTERNS = {
  stateless: "select id, ts, 'mine' as writer from e",
  stateful: "select id, ts, 'mine' as writer from e",
  dimension: "select id, ts, 'mine' as writer from e where (select count(*) from previous) >= 0",
} as const;
type Pattern = keyof typeof PATTERNS;

/** A world whose session is stopped at the step named `at` while `meanwhile` happens. */
async function contended(
  pattern: Pattern,
  options: {
    readonly at: string;
    readonly meanwhile: (world: World) => Promise<void>;
    readonly header?: Record<string, unknown>;
  },
) {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'load',
          pattern,
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.t', event_time: 'ts', partition_by: ['hour(ts)'] },
          ...options.header,
        },
        PATTERNS[pattern],
      ),
    ],
    files: { 'audits/few.sql': 'select count(*) as n from target having count(*) > 8' },
  });
  await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
  for (let hour = 0; hour < 6; hour += 1) await world.land('raw.events', event(hour, hour));
  await world.publish('load');
  await world.land('raw.events', event(30, 3));
  const steps: string[] = [];
  let waiting: Promise<void> | undefined;
  await world.reopen({
    onStep(message) {
      steps.push(message);
      if (waiting === undefined && message.includes(options.at)) waiting = options.meanwhile(world);
    },
  });
  // The other writer is done before the session goes on to publish.
  const { client } = world.psyberg.internals;
  const commit = client.commitTransaction.bind(client);
  client.commitTransaction = async (changes) => {
    await waiting;
    return commit(changes);
  };
  const [record] = await world.run(['load']);
  return { world, record, plannedAgain: steps.some((step) => step.includes('planning again')) };
}

/** Another writer in a process of psyberg's own catalog: a plain append to the target. */
const foreignRow =
  (hour: number) =>
  async (world: World): Promise<void> => {
    const metadata = await world.metadata('facts.t');
    // Through an auxiliary table and the catalog: the session's own connection to DuckDB is at work.
    const before = mainSnapshot(metadata);
    const other = await world.psyberg.internals.engine().then((engine) => engine.fork());
    try {
      await other.execute({
        sql: `insert into lake.facts.t by name select 100 + ${hour} as id, timestamptz '${hourAt(hour)}' as ts, 'foreign' as writer`,
        parameters: {},
      });
    } finally {
      other.release();
    }
    expect(mainSnapshot(await world.metadata('facts.t'))).not.toEqual(before);
  };

describe('a target that another writer changes while a session runs', () => {
  it.for([
    ['stateless', 3, false],
    ['stateful', 5, false],
    ['stateful', 3, true],
    ['dimension', 1, false],
    ['dimension', 2, true],
    ['dimension', 4, true],
  ] as const)('%s, in hour %i: planned again: %s', async ([pattern, hour, again]) => {
    const { world, record, plannedAgain } = await contended(pattern, {
      at: 'audit count_sources',
      meanwhile: foreignRow(hour),
    });
    expect(record).toMatchObject({ status: 'published' });
    expect(plannedAgain).toBe(again);
    const mine =
      pattern === 'stateful' && hour === 3
        ? []
        : pattern === 'dimension' && hour === 4
          ? []
          : [`["${100 + hour}"]`];
    expect(await world.rows("select id from facts.t where writer = 'foreign'")).toEqual(mine);
    expect(await world.rows("select id, ts from facts.t where writer = 'mine'")).toEqual(
      await world.rows('from raw.events'),
    );
    // The counts of the summary are those of the table, and its history is one line.
    const summary = mainSnapshot(await world.metadata('facts.t'))?.summary;
    expect(await world.rows('select count(*) from facts.t')).toEqual([`["${summary?.['total-records']}"]`]);
    expect(await world.leftovers()).toEqual([]);
  });
  it('keeps the other rows of a straddling file, where the target has no partitions', async () => {
    const header = { target: { table: 'facts.t', event_time: 'ts' } };
    const { world, record, plannedAgain } = await contended('stateful', {
      at: 'audit count_sources',
      meanwhile: foreignRow(5),
      header,
    });
    expect(record).toMatchObject({ status: 'published' });
    expect(plannedAgain).toBe(false);
    expect(await world.rows("select id, ts from facts.t where writer = 'mine'")).toEqual(
      await world.rows('from raw.events'),
    );
    expect(await world.rows("select id from facts.t where writer = 'foreign'")).toEqual(['["105"]']);
  });
  it('looks again with the audits that read the whole target', async () => {
    const audits = [{ sql: 'audits/few.sql' }];
    const passed = await contended('stateful', {
      at: 'publish',
      meanwhile: foreignRow(5),
      header: { audits },
    });
    expect(passed.record).toMatchObject({ status: 'published' });
    expect(passed.plannedAgain).toBe(false);
    // Two rows more than the audit allows, and they come after it has passed.
    const failed = await contended('stateful', {
      at: 'publish',
      header: { audits },
      async meanwhile(world) {
        await foreignRow(5)(world);
        await foreignRow(5)(world);
      },
    });
    expect(failed.record).toMatchObject({ status: 'audit-failed', published_snapshot_id: null });
    expect(failed.plannedAgain).toBe(true);
  });
  it('is not given what somebody committed to the branch after the audits', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
            target: { table: 'facts.t', event_time: 'ts' },
          },
          PATTERNS.stateless,
        ),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', event(0, 0));
    await world.publish('load');
    await world.land('raw.events', event(1, 1));
    const [spec] = world.psyberg.project.processes;
    const step = (name: SessionStep) =>
      runSessionStep(world.psyberg, spec as NonNullable<typeof spec>, name, '20990101000000');
    for (const name of ['init', 'load', 'audit'] as const) await step(name);
    const [branch] = (await world.leftovers())
      .filter((each) => each.startsWith('t@'))
      .map((each) => each.slice('t@'.length));
    await world.psyberg.sql(`insert into facts.t by name ${event(100, 9)}`, { branch: branch as string });
    await expect(step('publish')).rejects.toMatchObject({ code: 'staging-lost', kind: 'refused' });
    expect(await world.rows('select id from facts.t')).toEqual(['["0"]']);
  });
});

describe('a session that others overtake for a minute', () => {
  it('ends with exit 4 after a minute, once, and nothing has changed', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'load',
            pattern: 'stateful',
            sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
            target: { table: 'facts.t', event_time: 'ts' },
          },
          'select id, ts from e',
        ),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', event(1, 1));
    await world.publish('load');
    await world.land('raw.events', event(2, 1));
    const before = {
      history: await world.history('facts.t'),
      marks: await world.rows('from psyberg.high_water_mark_table'),
      sessions: await world.rows(`from psyberg.psyberg_session_f where status = 'published'`),
    };
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    let tries = 0;
    let clockMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => clockMs);
    onTestFinished(() => clock.mockRestore());
    client.commitTransaction = () => {
      tries += 1;
      clockMs += 10_000;
      return Promise.reject(conflict('commit-conflict', 'Requirement failed: branch main has changed'));
    };
    const [record] = await world.run();
    client.commitTransaction = commit;
    expect(record).toMatchObject({
      status: 'conflict',
      published_snapshot_id: null,
      error: { code: 'publish-contended', retryable: true },
    });
    expect(tries).toBe(7);
    expect({
      history: await world.history('facts.t'),
      marks: await world.rows('from psyberg.high_water_mark_table'),
      sessions: await world.rows(`from psyberg.psyberg_session_f where status = 'published'`),
    }).toEqual(before);
    expect([await world.leftovers(), await orphans(world)]).toEqual([[], []]);
    await world.publish('load');
    expect(await world.rows('from facts.t')).toEqual(await world.rows('from raw.events'));
  });
});
