// Goal: maintenance changes files and no row, whatever happens around it. Method: random loads of raw tables
// and targets with maintenance between, everything compared with a full recompute, and the files on disk with
// what metadata reach; then the races one by one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { MaintainRecord, MaintainRequest } from '../../src/index.ts';
import { maintainTables } from '../../src/maintain/index.ts';
import { filesOf, reachedFiles } from '../support/reachable.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const AT_ONCE: MaintainRequest = { olderThanMs: 0, orphanGraceMs: 0, force: true };
const TABLES = ['raw.events', 'facts.copy', 'facts.counts'];

const processes = [
  processFile(
    {
      process_name: 'copy_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.copy', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    'select id, ts from events',
  ),
  processFile(
    {
      process_name: 'count_load',
      pattern: 'stateful',
      sources: [{ table: 'facts.copy', event_time: 'ts' }],
      target: { table: 'facts.counts', event_time: 'h', partition_by: ['day(h)'] },
    },
    "select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from copy group by 1",
  ),
];
const EXPECTED =
  "select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from raw.events group by 1";

const landing = (first: number, rows: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_minutes((i * 7 % 50)::int) - to_hours(case when i % 5 = 0 then 3 else 0 end) as ts from range(${first}, ${first + rows}) as t(i)`;

async function newWorld(partitionedBy = 'hour(ts)'): Promise<World> {
  const world = await worldForTest({ processes });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy });
  return world;
}
const recordOf = (records: readonly MaintainRecord[], table: string): MaintainRecord =>
  records.find((record) => record.table === table) as MaintainRecord;

async function maintainAndCheck(world: World): Promise<void> {
  const report = await world.psyberg.maintain(undefined, AT_ONCE);
  for (const record of report.tables) expect(record).toMatchObject({ error: null, notes: [] });
  for (const { table } of report.tables)
    expect({ table, files: await filesOf(world, table) }).toEqual({
      table,
      files: await reachedFiles(world, table),
    });
}

type Step =
  | { readonly kind: 'land'; readonly rows: number; readonly hour: number }
  | { readonly kind: 'run'; readonly names: readonly string[] }
  | { readonly kind: 'maintain'; readonly only: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('land' as const),
      rows: fc.integer({ min: 1, max: 40 }),
      hour: fc.integer({ min: 3, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      names: fc.constantFrom(['copy_load'], ['count_load'], ['copy_load', 'count_load']),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('maintain' as const), only: fc.integer({ min: 0, max: 3 }) }),
  },
);
const ONLY = [undefined, ['compact'], ['compact', 'manifests'], ['expire', 'orphans']] as const;

describe('loads with maintenance between them', () => {
  it('end as a full recompute does, and with no file too many or too few', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 8, maxLength: 14 }),
        fc.constantFrom('hour(ts)', 'bucket(3, id)', 'day(ts)'),
        async (steps, partitionedBy) => {
          const world = await newWorld(partitionedBy);
          try {
            await world.land('raw.events', landing(0, 5, 5));
            let next = 5;
            for (const each of steps) {
              if (each.kind === 'land') {
                await world.land('raw.events', landing(next, each.rows, each.hour));
                next += each.rows;
              } else if (each.kind === 'run')
                for (const record of await world.run(each.names))
                  expect(['published', 'nothing-new', 'waiting']).toContain(record.status);
              else {
                const only = ONLY[each.only];
                const report = await world.psyberg.maintain(undefined, {
                  ...AT_ONCE,
                  ...(only === undefined ? {} : { only: [...only] }),
                });
                for (const record of report.tables) expect(record).toMatchObject({ error: null, notes: [] });
              }
            }
            await maintainAndCheck(world);
            for (const record of await world.run())
              expect(['published', 'nothing-new']).toContain(record.status);
            await maintainAndCheck(world);
            // What maintenance did is no work for anybody.
            expect((await world.run()).map((record) => record.status)).toEqual([
              'nothing-new',
              'nothing-new',
            ]);
            expect(await world.rows('select id, ts from facts.copy')).toEqual(
              await world.rows('select id, ts from raw.events'),
            );
            expect(await world.rows('select h, n, ids from facts.counts')).toEqual(
              await world.rows(EXPECTED),
            );
          } finally {
            await world.close();
          }
        },
      ),
      { numRuns: Number(process.env['PSYBERG_MAINTAIN_RUNS'] ?? 3), seed: 20230914 },
    );
  }, 300_000);
});

describe('compaction', () => {
  it('leaves one file a partition, keeps old sequence numbers, and finds the progress of processes below it', async () => {
    const world = await newWorld();
    for (let hour = 0; hour < 4; hour += 1) {
      await world.land('raw.events', landing(hour * 20, 20, 5));
      await world.publish('copy_load');
    }
    const before = mainSnapshot(await world.metadata('facts.copy'));
    const { tables: records } = await world.psyberg.maintain(undefined, { only: ['compact'] });
    expect(recordOf(records, 'facts.copy').compacted).toMatchObject({
      files_before: 8,
      files_after: 2,
      rows: '80',
    });
    const after = mainSnapshot(await world.metadata('facts.copy'));
    expect(after?.summary).toMatchObject({
      operation: 'replace',
      'added-records': '80',
      'deleted-records': '80',
      'total-records': '80',
      'total-data-files': '2',
      'deleted-data-files': '8',
    });
    // The newest file of each partition came with the last session.
    const [added] = await world.sql(
      `select manifest_path as path from read_avro('${after?.['manifest-list']}') where added_files_count > 0`,
    );
    const entries = await world.sql(
      `select sequence_number as number from read_avro('${added?.['path']}') where status = 1`,
    );
    expect(entries.map((entry) => entry['number'])).toEqual([
      before?.['sequence-number'],
      before?.['sequence-number'],
    ]);
    await world.psyberg.maintain(undefined, AT_ONCE);
    expect((await world.history('facts.copy')).length).toBe(1);
    expect(await world.plan('copy_load')).toMatchObject({ status: 'nothing-new' });
    await world.land('raw.events', landing(80, 20, 6));
    expect((await world.publish('copy_load')).rows_written).toBe('20');
    expect(await world.rows('select id, ts from facts.copy')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('gives way to a commit that replaces its files, and goes on beside one that does not', async () => {
    const world = await newWorld();
    for (let hour = 0; hour < 3; hour += 1) await world.land('raw.events', landing(hour * 20, 20, 5));
    const internals = world.psyberg.internals;
    const ports = await internals.ports();
    // The first commit of compaction meets a table that moved a moment before: once by an append, once
    // because somebody took its files away.
    for (const meanwhile of [
      () => world.land('raw.events', landing(60, 20, 5)),
      () =>
        world.changeFiles('raw.events', {
          operation: 'overwrite',
          remove: (files) => files,
          insert: landing(200, 5, 8),
        }),
    ]) {
      for (const id of [300, 310]) await world.land('raw.events', landing(id, 10, 5));
      let moved = false;
      const catalog: typeof ports.catalog = {
        ...ports.catalog,
        async commitTable(id, commit) {
          if (!moved) {
            moved = true;
            await meanwhile();
          }
          return ports.catalog.commitTable(id, commit);
        },
      };
      const expected = async () => world.rows('select id, ts from raw.events');
      const report = await maintainTables(
        async () => ({
          ...ports,
          catalog,
          warehouse: world.warehouse,
          nowMs: Date.now,
          interrupted: () => false,
        }),
        ['raw.events'],
        {
          ...AT_ONCE,
          only: ['compact'],
        },
      );
      expect(moved).toBe(true);
      expect(report.tables[0]).toMatchObject({ error: null });
      const rows = await expected();
      await world.psyberg.maintain(['raw.events'], AT_ONCE);
      expect(await expected()).toEqual(rows);
      // The rows that came by the second commit lie in the folder of another table.
      expect(await filesOf(world, 'raw.events')).toEqual(
        (await reachedFiles(world, 'raw.events')).filter((path) => path.startsWith('raw/events')),
      );
    }
    expect(await world.rows('select count(*) from raw.events')).toEqual(['["5"]']);
  });

  it('stopped in the middle leaves the table and no file', async () => {
    const world = await newWorld();
    for (let hour = 0; hour < 3; hour += 1) await world.land('raw.events', landing(hour * 20, 20, 5));
    const ports = await world.psyberg.internals.ports();
    let asked = 0;
    const before = { files: await filesOf(world, 'raw.events'), rows: await world.rows('from raw.events') };
    for (let stopAt = 1; stopAt < 6; stopAt += 1) {
      asked = 0;
      const report = await maintainTables(
        async () => ({
          ...ports,
          warehouse: world.warehouse,
          nowMs: Date.now,
          interrupted: () => {
            asked += 1;
            return asked >= stopAt;
          },
        }),
        ['raw.events'],
        { only: ['compact'], dryRun: false },
      );
      if (asked < stopAt) break;
      expect(report.tables[0]).toMatchObject({ status: 'interrupted', error: { code: 'interrupted' } });
      expect({
        files: await filesOf(world, 'raw.events'),
        rows: await world.rows('from raw.events'),
      }).toEqual(before);
    }
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('row-level deletes', () => {
  it.each(['2', '3'])(
    'vanish from a table of version %s without a row coming back, for readers and for sessions',
    async (formatVersion) => {
      const world = await worldForTest({ processes });
      await world.create('raw.events', 'id bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
        formatVersion,
      });
      for (let hour = 0; hour < 3; hour += 1) await world.land('raw.events', landing(hour * 20, 20, 5));
      // DuckDB's DELETE: position deletes, or deletion vectors in version 3.
      await world.sql('delete from raw.events where id % 20 = 4');
      await world.changeFiles('raw.events', {
        operation: 'overwrite',
        deletes: [{ kind: 'equality', columns: ['id'], values: 'select 7::bigint union all select 25' }],
      });
      if (formatVersion === '2')
        await world.changeFiles('raw.events', {
          operation: 'overwrite',
          deletes: [{ kind: 'position', where: 'id = 33', per: 'partition' }],
        });
      // Comes after the deletes: they do not apply to it, and must not once its file is older than the
      // compaction.
      await world.land('raw.events', 'select 7 as id, timestamptz ' + `'${hourAt(5)}' as ts`);
      await world.run();
      const columns = `id, ts${formatVersion === '3' ? ', _row_id, _last_updated_sequence_number' : ''}`;
      const before = await world.rows(`select ${columns} from raw.events`);
      expect(before.length).toBe(60 - 3 - 2 - (formatVersion === '2' ? 1 : 0) + 1);
      const { tables } = await world.psyberg.maintain(['raw.events'], { ...AT_ONCE, minInputFiles: 3 });
      expect(tables[0]).toMatchObject({ error: null, notes: [] });
      expect(tables[0]?.compacted?.delete_files_applied).toBeGreaterThan(2);
      expect(await world.rows(`select ${columns} from raw.events`)).toEqual(before);
      expect(mainSnapshot(await world.metadata('raw.events'))?.summary).toMatchObject({
        operation: 'replace',
        'total-delete-files': '0',
        'total-records': String(before.length),
      });
      expect(await filesOf(world, 'raw.events')).toEqual(
        (await reachedFiles(world, 'raw.events')).filter((path) => path.startsWith('raw/events')),
      );
      expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
      await world.land('raw.events', landing(400, 5, 6));
      expect((await world.run()).map((record) => [record.status, record.rows_written])[0]).toEqual([
        'published',
        '5',
      ]);
    },
  );
});

describe('rows deleted since a process last read', () => {
  it.each(['position', 'equality'])(
    'are not hidden from it by compaction (%s deletes), which takes them out once it has read',
    async (kind) => {
      const world = await worldForTest({
        processes: [
          processFile(
            {
              ...processes[1]?.header,
              process_name: 'count_load',
              sources: [{ table: 'raw.events', event_time: 'ts', alias: 'copy' }],
            },
            "select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from copy group by 1",
          ),
        ],
      });
      await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
      for (const first of [0, 20]) await world.land('raw.events', landing(first, 20, 5));
      await world.publish('count_load');
      for (const first of [40, 60]) await world.land('raw.events', landing(first, 20, 9));
      if (kind === 'position') await world.sql('delete from raw.events where id = 4');
      else
        await world.changeFiles('raw.events', {
          operation: 'overwrite',
          deletes: [{ kind: 'equality', columns: ['id'], values: 'select 4::bigint' }],
        });
      const [first] = (await world.psyberg.maintain(['raw.events'], AT_ONCE)).tables;
      expect(first).toMatchObject({ error: null, compacted: { delete_files_applied: 0 } });
      // The files of hours that lost no row are put together all the same. (The equality deletes are in every
      // hour.)
      if (kind === 'position') expect(first?.compacted?.files_after).toBeGreaterThan(0);
      await world.publish('count_load');
      expect(await world.rows('select h, n, ids from facts.counts')).toEqual(await world.rows(EXPECTED));
      const [second] = (await world.psyberg.maintain(['raw.events'], AT_ONCE)).tables;
      expect(second?.compacted?.delete_files_applied).toBeGreaterThan(0);
      expect((await world.run())[0]?.status).toBe('nothing-new');
      expect(await world.rows('select h, n, ids from facts.counts')).toEqual(await world.rows(EXPECTED));
    },
  );
});

describe('manifests', () => {
  it('become few, each of neighbouring partitions, and sessions go on', async () => {
    const world = await newWorld();
    for (let hour = 0; hour < 5; hour += 1) await world.land('raw.events', landing(hour * 20, 20, 3 + hour));
    await world.publish('copy_load');
    const { tables: records } = await world.psyberg.maintain(undefined, { only: ['manifests'] });
    expect(recordOf(records, 'raw.events').manifests).toEqual({ before: 5, after: 1 });
    const [list] = await world.sql(
      `select count(*)::int as manifests, sum(existing_files_count)::int as files, any_value(partitions) as partitions from read_avro('${mainSnapshot(await world.metadata('raw.events'))?.['manifest-list']}')`,
    );
    const hour = (count: number): string =>
      Buffer.from(new Int32Array([Date.parse(hourAt(count)) / 3_600_000]).buffer).toString('hex');
    expect(list).toMatchObject({
      manifests: 1,
      files: 10,
      partitions: [{ contains_null: false, lower_bound: hour(0), upper_bound: hour(7) }],
    });
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'published']);
    expect(await world.rows('select id, ts from facts.copy')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
    for (const table of TABLES) expect(await filesOf(world, table), table).not.toEqual([]);
  });
});
