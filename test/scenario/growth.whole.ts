// Goal: what a session costs does not grow with the number of sessions before it. Method: more sessions than
// the limits allow, then a look at manifests, snapshots and files, and at the rows.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { HIGH_WATER_MARK } from '../../src/state/tables/high-water-mark.ts';
import { SESSION } from '../../src/state/tables/session.ts';
import { SIGNAL } from '../../src/state/tables/signal.ts';
import { composeStateChange, deleteObsoleteFiles, ensureStateTable } from '../../src/state/write-state.ts';
import { filesOf, reachedFiles } from '../support/reachable.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const target = (table: string, column: string) => ({
  table,
  event_time: column,
  partition_by: [`hour(${column})`],
  properties: { 'commit.manifest.min-count-to-merge': '4' },
});

const copyLoad = (to: Readonly<Record<string, unknown>>) =>
  processFile(
    {
      process_name: 'copy_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: to,
    },
    'select id, ts from events',
  );

const manifestCount = async (world: World, table: string): Promise<unknown> => {
  const [row] = await world.sql(
    `select count(*)::int as manifests from read_avro('${mainSnapshot(await world.metadata(table))?.['manifest-list']}')`,
  );
  return row?.['manifests'];
};

describe('a target of many sessions', () => {
  it('keeps few manifests, without losing a file, an hour or its readers', async () => {
    const world = await worldForTest({
      processes: [
        copyLoad(target('facts.copy', 'ts')),
        processFile(
          {
            process_name: 'count_load',
            pattern: 'stateful',
            sources: [{ table: 'facts.copy', event_time: 'ts' }],
            target: target('facts.counts', 'h'),
          },
          "select date_trunc('hour', ts) as h, count(*) as n from copy group by 1",
        ),
        processFile(
          {
            process_name: 'again_load',
            pattern: 'stateless',
            sources: [{ table: 'facts.copy', event_time: 'ts' }],
            target: { table: 'facts.again', event_time: 'ts' },
          },
          'select id, ts from copy',
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (let hour = 2; hour < 12; hour += 1) {
      // Every third row is two hours late: old hours are overwritten, and their files lie in merged
      // manifests.
      await world.land(
        'raw.events',
        `select i as id, timestamptz '${hourAt(hour)}' - to_hours(case when i % 3 = 0 then 2 else 0 end) as ts from range(${hour * 30}, ${hour * 30 + 30}) as t(i)`,
      );
      for (const record of await world.run())
        expect(record).toMatchObject({ status: 'published', error: null });
      expect(await manifestCount(world, 'facts.copy')).toBeLessThanOrEqual(5);
    }
    expect(await world.rows('select count(*), count(distinct id) from facts.copy')).toEqual(
      await world.rows('select 300::bigint, 300::bigint'),
    );
    // Downstream of a merged table: neither an append nor an overwrite takes an old file for a new one.
    expect(await world.rows('from facts.again')).toEqual(await world.rows('from raw.events'));
    expect(await world.rows('select h, n from facts.counts')).toEqual(
      await world.rows("select date_trunc('hour', ts) as h, count(*) as n from raw.events group by 1"),
    );
    expect(mainSnapshot(await world.metadata('facts.copy'))?.summary).toMatchObject({
      'total-records': '300',
      'added-records': '30',
      'deleted-records': '0',
    });
  });

  it('goes on merging beside manifests that are nearly full', async () => {
    const world = await worldForTest({
      processes: [copyLoad(target('facts.copy', 'ts'))],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (let session = 0; session < 14; session += 1) {
      // 80 files a session: three of their manifests make one that is nearly full.
      await world.land(
        'raw.events',
        `select i as id, timestamptz '${hourAt(0)}' - to_hours(i) as ts from range(80) as t(i)`,
      );
      await world.publish('copy_load');
      // The full ones, those that wait to be merged, and the session's own.
      expect(await manifestCount(world, 'facts.copy')).toBeLessThanOrEqual(
        Math.floor((session * 80) / 240) + 4,
      );
    }
    expect(await world.rows('select count(*) from facts.copy')).toEqual(
      await world.rows('select 1120::bigint'),
    );
  });
});

describe('the folder of a table', () => {
  it('holds what its metadata reach and nothing else, session after session, and as many metadata files as its property says', async () => {
    const world = await worldForTest({
      processes: [
        copyLoad({ table: 'facts.copy', event_time: 'ts' }),
        processFile(
          {
            process_name: 'count_load',
            pattern: 'stateful',
            sources: [{ table: 'facts.copy', event_time: 'ts' }],
            target: { table: 'facts.counts', event_time: 'h' },
          },
          "select date_trunc('hour', ts) as h, count(*) as n from copy group by 1",
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (let hour = 0; hour < 12; hour += 1) {
      // Every second session is late, so that overwrites have files to carry rows from.
      await world.land(
        'raw.events',
        `select i as id, timestamptz '${hourAt(hour)}' - to_hours((i % 2)::int) as ts from range(${hour * 10}, ${hour * 10 + 10}) as t(i)`,
      );
      for (const record of await world.run())
        expect(record).toMatchObject({ status: 'published', error: null });
    }
    for (const table of [
      'facts.copy',
      'facts.counts',
      'psyberg.high_water_mark_table',
      'psyberg.psyberg_session_f',
      'psyberg.psyberg_signal',
    ]) {
      expect({ table, files: await filesOf(world, table) }).toEqual({
        table,
        files: await reachedFiles(world, table),
      });
      // The current one and 20 before it.
      expect(
        (await filesOf(world, table)).filter((path) => path.endsWith('.metadata.json')).length,
      ).toBeLessThanOrEqual(21);
    }
    expect((await world.metadata('facts.copy')).properties).toMatchObject({
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '20',
    });
  }, 120_000);
});

describe('a source of many files', () => {
  it.each(['stateful', 'dimension'] as const)(
    'shows a %s session all rows of its hours, and nothing is lost outside them',
    async (pattern) => {
      const isDimension = pattern === 'dimension';
      const world = await worldForTest({
        processes: [
          processFile(
            {
              process_name: 'count_load',
              pattern,
              sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
              target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'] },
            },
            isDimension
              ? 'select $first_hour::timestamptz as h, (coalesce(p.n, 0) + (select count(*) from e))::bigint as n from (select 1) left join previous p on true'
              : "select date_trunc('hour', ts) as h, count(*) as n from e group by 1",
          ),
        ],
      });
      await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'id' });
      const landed = (ids: string, hour: string): string =>
        `select i as id, timestamptz '${hourAt(0)}' + to_hours((${hour})::int) + interval 59 minute as ts from range(${ids}) as t(i)`;
      // 240 files, one an id; ten an hour.
      await world.land('raw.events', landed('240', 'i // 10'));
      await world.publish('count_load');
      const expected = isDimension
        ? "select h, (sum(n) over (order by h))::bigint as n from (select date_trunc('hour', ts) as h, count(*) as n from raw.events group by 1)"
        : "select date_trunc('hour', ts) as h, count(*) as n from raw.events group by 1";
      for (const [ids, hour] of [
        ['500, 505', '20'],
        ['600, 602', '23'],
        ['700, 703', '22 + i % 2'],
      ] as const) {
        await world.land('raw.events', landed(ids, hour));
        expect(await world.publish('count_load')).toMatchObject({ error: null });
        expect(await world.rows('select h, n from facts.counts')).toEqual(await world.rows(expected));
      }
    },
  );
});

describe("the engine's own tables", () => {
  it('hold one live file of watermarks for each of 30 processes, a bounded number of the rest, and every row', async () => {
    const world = await worldForTest();
    const engine = await world.psyberg.internals.engine();
    const { client } = world.psyberg.internals;
    const now = '2023-09-14T05:00:00Z';
    const writes = [
      [
        'high_water_mark_table',
        HIGH_WATER_MARK,
        { src_table: 'raw.events', table_uuid: 'u', snapshot_id: '1', sequence_number: '1', updated_at: now },
        1,
      ],
      [
        'psyberg_session_f',
        SESSION,
        { src_table: 'raw.events', status: 'published', pattern: 'stateless', created_at: now },
        SESSION.filesPerProcess,
      ],
      [
        'psyberg_signal',
        SIGNAL,
        { signal_name: 'facts.a', kind: 'complete', created_at: now },
        SIGNAL.filesPerProcess,
      ],
    ] as const;
    const names = Array.from({ length: 30 }, (_, index) => `process_${index}`);
    // One process goes past the number at which files are folded; the others have two sessions.
    const sessionsOf = (name: string): number => (name === 'process_29' ? SESSION.filesPerProcess + 2 : 2);
    for (const [name, definition, values] of writes) {
      const table = { namespace: ['psyberg'], name };
      for (let session = 0; session < SESSION.filesPerProcess + 2; session += 1)
        for (const processName of names.filter((each) => session < sessionsOf(each))) {
          const psybergSessionId = String(20230914000000 + session);
          const rows = [
            {
              ...Object.fromEntries(definition.columns.map((column) => [column.name, null])),
              ...values,
              process_name: processName,
              psyberg_session_id: psybergSessionId,
            },
          ];
          const metadata = await ensureStateTable(client, table, definition);
          const change = await composeStateChange(engine, metadata, {
            table,
            definition,
            processName,
            psybergSessionId,
            rows,
            replacesSession: false,
          });
          await client.commitTransaction([change.change]);
          deleteObsoleteFiles([change]);
        }
    }
    for (const [name, , , filesMax] of writes) {
      const table = `psyberg.${name}`;
      const list = mainSnapshot(await world.metadata(table))?.['manifest-list'];
      const manifests = await world.sql(`select manifest_path as path from read_avro('${list}')`);
      expect(manifests.length).toBe(1);
      const live = await world.sql(
        `select data_file.partition.process_name as process, count(*)::int as files, sum(data_file.record_count)::int as rows from read_avro('${manifests[0]?.['path']}') where status < 2 group by 1`,
      );
      expect(live.length).toBe(names.length);
      for (const { process, files, rows } of live) {
        expect(files).toBeLessThanOrEqual(filesMax);
        expect(rows).toBe(filesMax === 1 ? 1 : sessionsOf(String(process)));
      }
      expect(await filesOf(world, table)).toEqual(await reachedFiles(world, table));
    }
    expect(
      await world.rows('select distinct process_name, psyberg_session_id from psyberg.high_water_mark_table'),
    ).toEqual(
      names.map((name) => JSON.stringify([name, String(20230914000000 + sessionsOf(name) - 1)])).sort(),
    );
  }, 120_000);

  it('keep a bounded number of snapshots and files, and every row', async () => {
    const world = await worldForTest({
      processes: [copyLoad({ table: 'facts.copy', event_time: 'ts' })],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    const sessions = 106;
    for (let session = 0; session < sessions; session += 1) {
      await world.land(
        'raw.events',
        `select ${session}::bigint as id, timestamptz '${hourAt(session)}' as ts`,
      );
      await world.publish('copy_load');
    }
    for (const table of ['high_water_mark_table', 'psyberg_session_f', 'psyberg_signal']) {
      expect((await world.metadata(`psyberg.${table}`)).snapshots?.length).toBeLessThanOrEqual(101);
      // A manifest list and a manifest for each snapshot that is kept, and the metadata files.
      expect(readdirSync(join(world.warehouse, 'psyberg', table, 'metadata')).length).toBeLessThan(
        2 * 101 + 30,
      );
    }
    for (const [table, rows] of [
      ['psyberg_session_f', sessions],
      ['psyberg_signal', sessions],
      ['high_water_mark_table', 1],
    ] as const)
      expect(await world.rows(`select count(*) from psyberg.${table}`)).toEqual(
        await world.rows(`select ${rows}::bigint`),
      );
  }, 180_000);
});
