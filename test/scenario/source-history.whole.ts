// Goal: branches, rollbacks, expiries and replacements of a source are seen for what they are. Method:
// histories as other engines make them, then sessions.
import { describe, expect, it } from 'vitest';
import {
  appended,
  cherryPick,
  events,
  eventWorld,
  expireAllBut,
  inSource,
  overwritten,
  remakeHead,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import { hourAt, hourNumbers, processFile, tableId, worldForTest } from '../support/world.ts';

const tag = (snapshotId: bigint, name = 'kept') => [
  { action: 'set-snapshot-ref' as const, 'ref-name': name, type: 'tag' as const, 'snapshot-id': snapshotId },
];

describe('snapshots that were staged', () => {
  it('are found when main is fast-forwarded to them, although they are older than the session', async () => {
    const world = await eventWorld();
    const [, published] = await snapshotIds(world);
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 0));
    const staged = (await snapshotIds(world)).at(-1) as bigint;
    await world.commit('raw.events', [
      { action: 'set-snapshot-ref', 'ref-name': 'audit', type: 'branch', 'snapshot-id': staged },
    ]);
    await world.rollback('raw.events', published as bigint);
    expect((await runOne(world, 'append_load')).status).toBe('nothing-new');
    await world.rollback('raw.events', staged);
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      detected_by: 'snapshots',
      rows: '10',
    });
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('are found when they are picked after later commits were loaded, once, and with a commit time before the watermark', async () => {
    const world = await eventWorld();
    const published = (await snapshotIds(world)).at(-1) as bigint;
    await world.land('raw.events', events(20, 5, 0));
    const staged = (await snapshotIds(world)).at(-1) as bigint;
    await world.rollback('raw.events', published);
    await world.land('raw.events', events(30, 5, 2));
    await world.run();
    const { 'timestamp-ms': loadedMs } = (await world.history('raw.events')).at(-1) as {
      'timestamp-ms': number;
    };
    await cherryPick(world, staged);
    await remakeHead(world, { timestampMs: loadedMs - 40_000 });
    const plan = await world.plan('overwrite_load');
    expect(hourNumbers(plan.hours)).toEqual([0]);
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
    await world.publish('overwrite_load');
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });
});

describe('files that come back', () => {
  it('after a rollback, by a cherry-pick, are neither lost nor new', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    await world.run();
    const ids = await snapshotIds(world);
    await world.rollback('raw.events', ids[1] as bigint);
    await world.land('raw.events', events(30, 5, 3));
    await cherryPick(world, ids[2] as bigint);
    const plan = await world.plan('append_load');
    expect(plan.sources[0]).toMatchObject({ detected_by: 'rewound', files: 1, rows: '5' });
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([3]);
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('by a rollback of a delete are not loaded twice where added rows are taken', async () => {
    const world = await eventWorld({ source: { on_source_change: 'append-added' } }).catch(() => undefined);
    // The key is for stateless processes only.
    expect(world).toBeUndefined();
    const single = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'append_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts', on_source_change: 'append-added' }],
            target: { table: 'facts.appended' },
          },
          'select id, ts from events',
        ),
      ],
    });
    await single.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await single.land('raw.events', events(0, 5, 0));
    await single.land('raw.events', events(10, 5, 1));
    await single.run();
    const kept = (await snapshotIds(single)).at(-1) as bigint;
    await single.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files.slice(0, 1),
      insert: events(20, 3, 0),
    });
    expect(await runOne(single, 'append_load')).toMatchObject({ rows_read: '3' });
    await single.rollback('raw.events', kept);
    await single.land('raw.events', events(30, 4, 2));
    expect(await runOne(single, 'append_load')).toMatchObject({ status: 'published', rows_read: '4' });
    expect(await single.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["17","17"]',
    ]);
  });

  it.each(['refuse', 'append-added'])(
    'by a rollback of a delete that came before they were ever loaded are loaded then (on_source_change: %s)',
    async (onSourceChange) => {
      const world = await eventWorld({ appendSource: { on_source_change: onSourceChange } });
      await world.land('raw.events', `${events(20, 5, 2)} union all ${events(30, 5, 3)}`);
      const whole = (await snapshotIds(world)).at(-1) as bigint;
      const [last] = await world.sql('select distinct filename from raw.events where id >= 30');
      await world.changeFiles('raw.events', {
        operation: 'delete',
        remove: (files) => files.filter((file) => file.path === last?.['filename']),
      });
      expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
      await world.rollback('raw.events', whole);
      await world.land('raw.events', events(40, 5, 4));
      expect((await world.plan('append_load')).sources[0]).toMatchObject({
        detected_by: 'live-files',
        rows: '10',
      });
      expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
      await world.publish('overwrite_load');
      expect(await appended(world)).toEqual(await inSource(world));
      expect(await overwritten(world)).toEqual(await inSource(world));
      expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    },
  );

  it('by a second pick, after they were loaded and rolled back, are not loaded twice where added rows are taken', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    const base = (await snapshotIds(world)).at(-1) as bigint;
    await world.land('raw.events', events(20, 5, 2));
    const picked = (await snapshotIds(world)).at(-1) as bigint;
    await world.run();
    await world.rollback('raw.events', base);
    await world.land('raw.events', events(30, 5, 3));
    await world.run();
    await cherryPick(world, picked);
    expect((await world.plan('append_load')).sources[0]?.changes).toMatchObject([
      { counted: false, reason: 'picked from a history that was read before: its rows were loaded' },
    ]);
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('while the history between was expired are refused where added rows are taken: nobody knows whether they were loaded', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    const whole = (await snapshotIds(world)).at(-1) as bigint;
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(0, 1) });
    await world.land('raw.events', events(20, 5, 2));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
    await world.rollback('raw.events', whole);
    await world.land('raw.events', events(30, 5, 3));
    await expireAllBut(world, 1);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired' },
    });
  });

  it('and go between two sessions are nothing: a stateless process need not refuse', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 3));
    await world.changeFiles('raw.events', {
      operation: 'delete',
      remove: (files) =>
        files
          .filter(
            (file) =>
              file.path.includes('ts_hour=2023-09-14-02') ||
              file.path.includes(`${Date.parse(hourAt(2)) / 3_600_000}`),
          )
          .slice(0, 1),
    });
    const plan = await world.plan('append_load');
    expect(plan).toMatchObject({ status: 'work', sources: [{ rows: '5', files: 1 }] });
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });
});

describe('expired snapshots', () => {
  it('of a table that was upgraded from version 1 since: refused, and not called a rollback', async () => {
    const world = await eventWorld({ formatVersion: '1', source: { protect: false } });
    const mark = (await snapshotIds(world)).at(-1) as bigint;
    for (const first of [20, 30]) await world.land('raw.events', events(first, 5, 3));
    await world.commit('raw.events', [{ action: 'upgrade-format-version', 'format-version': 2 }]);
    await world.land('raw.events', events(40, 5, 3));
    await expireAllBut(world, 2);
    expect((await snapshotIds(world)).includes(mark)).toBe(false);
    const refused = await runOne(world, 'overwrite_load');
    expect(refused).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired', message: expect.stringContaining('format version 1') },
    });
    expect(refused.error?.message).not.toContain('rolled back');
  });

  it.each(['1', '2'])(
    'between a watermark that a tag keeps and the head: its files are compared, also where rows were removed (format %s)',
    async (formatVersion) => {
      const world = await eventWorld({ formatVersion });
      const mark = (await snapshotIds(world)).at(-1) as bigint;
      await world.commit('raw.events', tag(mark));
      await world.land('raw.events', events(20, 5, 3));
      await world.land('raw.events', events(30, 5, 0));
      await expireAllBut(world, 1, [mark]);
      expect((await world.plan('append_load')).sources[0]).toMatchObject({
        detected_by: 'live-files',
        rows: '10',
        changes: [{ operation: 'append', added_files: 2, removed_files: 0 }],
      });
      expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
      await world.publish('overwrite_load');
      expect(await overwritten(world)).toEqual(await inSource(world));
      if (formatVersion === '1') return;
      const next = (await snapshotIds(world)).at(-1) as bigint;
      await world.commit('raw.events', tag(next));
      await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(0, 1) });
      await world.land('raw.events', events(40, 5, 5));
      await expireAllBut(world, 1, [next]);
      const plan = await world.plan('overwrite_load');
      expect(plan.sources[0]).toMatchObject({
        detected_by: 'live-files',
        changes: [{ operation: 'overwrite', removed_rows: '5' }],
      });
      expect(plan.sources[0]?.changes[0]?.reason).toContain('comparing the files');
      await world.publish('overwrite_load');
      expect(await overwritten(world)).toEqual(await inSource(world));
      expect(await runOne(world, 'append_load')).toMatchObject({ status: 'refused' });
    },
  );

  it('with a compaction in between: the rows say that nothing was removed', async () => {
    const world = await eventWorld();
    const mark = (await snapshotIds(world)).at(-1) as bigint;
    await world.commit('raw.events', tag(mark));
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events order by id desc',
    });
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
    });
    await expireAllBut(world, 1, [mark]);
    const plan = await world.plan('append_load');
    expect(plan).toMatchObject({
      status: 'nothing-new',
      sources: [{ detected_by: 'live-files', changes: [{ counted: false }] }],
    });
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
  });

  it('of a format version 1 table without the watermark refuse, and say why', async () => {
    const world = await eventWorld({ formatVersion: '1' });
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 2));
    await expireAllBut(world, 1);
    const record = await runOne(world, 'append_load');
    expect(record).toMatchObject({ status: 'refused', error: { code: 'history-expired' } });
    expect(record.error?.message).toContain('version 1');
  });
});

describe('a table that was replaced', () => {
  it('under its own uuid, as CREATE OR REPLACE does, has all its hours recomputed; a stateless process refuses', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: events(100, 6, 4),
    });
    await remakeHead(world, { parent: null });
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([0, 1, 2, 3, 4]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('or renamed is known by its uuid, and goes on', async () => {
    const world = await eventWorld();
    const { uri, token } = world.psyberg.internals.catalog;
    const renamed = await fetch(`${uri}/v1/psyberg/tables/rename`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ source: tableId('raw.events'), destination: tableId('raw.happenings') }),
    });
    expect(renamed.status).toBe(204);
    for (const pattern of ['append', 'overwrite'] as const) {
      const stateful = pattern === 'overwrite';
      world.writeProcess(
        processFile(
          {
            process_name: `${pattern}_load`,
            pattern: stateful ? 'stateful' : 'stateless',
            sources: [{ table: 'raw.happenings', event_time: 'ts', alias: 'e' }],
            target: stateful
              ? { table: 'facts.overwritten', event_time: 'ts', partition_by: ['hour(ts)'] }
              : { table: 'facts.appended' },
          },
          'select id, ts from e',
        ),
      );
    }
    await world.reopen();
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.happenings', events(20, 5, 1));
    expect((await world.run()).map((record) => [record.status, record.rows_read])).toEqual([
      ['published', '5'],
      ['published', '10'],
    ]);
    expect(await appended(world)).toEqual(await world.rows('select id, ts from raw.happenings'));
    expect(await world.rows('select src_table from psyberg.high_water_mark_table')).toEqual([
      '["raw.happenings"]',
      '["raw.happenings"]',
    ]);
  });
});

describe('a source whose manifests are merged as it grows', () => {
  it('is read whole: what a later commit merged is found in its own list', async () => {
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'first_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts' }],
            target: {
              table: 'facts.first',
              event_time: 'ts',
              properties: { 'commit.manifest.min-count-to-merge': '3' },
            },
          },
          'select id, ts from events',
        ),
        processFile(
          {
            process_name: 'second_load',
            pattern: 'stateless',
            sources: [{ table: 'facts.first', event_time: 'ts' }],
            target: { table: 'facts.second' },
            audits: ['source_to_target_count'],
          },
          'select id, ts from first',
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (const [round, batches] of [1, 4, 2].entries()) {
      for (let batch = 0; batch < batches; batch += 1) {
        await world.land('raw.events', events(round * 100 + batch * 10, 3, batch));
        await world.publish('first_load');
      }
      expect(await runOne(world, 'second_load')).toMatchObject({
        status: 'published',
        rows_read: String(batches * 3),
      });
      expect(await world.rows('select id, ts from facts.second')).toEqual(
        await world.rows('select id, ts from facts.first'),
      );
    }
  });
});
