// Goal: another engine reads what maintenance leaves. Method: tables of version 2 and 3 with deleted rows,
// and a target of many sessions, before, between and after the tasks; PyIceberg reads rows, files and
// manifests through REST; DuckDB said before maintenance what must come out.
import { beforeAll, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { MaintainRequest } from '../../src/index.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

const READ = `
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
found = {}
for name in argument['tables']:
  table = catalog.load_table(name)
  snapshot = table.current_snapshot()
  manifests = snapshot.manifests(table.io)
  files = table.inspect.files().to_pylist()
  rows = table.scan().to_arrow().to_pylist()
  # A key is read by the bounds in the manifests: wrong ones would lose it.
  some = table.scan(row_filter='id >= 40').to_arrow().to_pylist() if 'id' in table.schema().column_names else []
  found[name] = {
    'ids': sorted(row['id'] for row in rows), 'some': sorted(row['id'] for row in some),
    'hours': sorted({row['ts'].strftime('%H') for row in rows}),
    'data_files': sum(1 for f in files if f['content'] == 0), 'delete_files': sum(1 for f in files if f['content'] != 0),
    'rows_in_files': sum(f['record_count'] for f in files if f['content'] == 0),
    'live_entries': sum(1 for m in manifests for e in m.fetch_manifest_entry(table.io)), 'manifests': len(manifests),
    'snapshots': len(table.inspect.snapshots()), 'partitions': len(table.inspect.partitions()),
    'operation': snapshot.summary.operation.value, 'total': snapshot.summary.additional_properties.get('total-records'),
  }
print(json.dumps(found))`;

interface Seen {
  readonly ids: readonly number[];
  readonly some: readonly number[];
  readonly data_files: number;
  readonly delete_files: number;
  readonly rows_in_files: number;
  readonly live_entries: number;
  readonly manifests: number;
  readonly snapshots: number;
  readonly partitions: number;
  readonly operation: string;
  readonly total: string;
}

const TABLES = ['raw.second', 'raw.third', 'facts.copy'];
const AT_ONCE: MaintainRequest = { olderThanMs: 0, orphanGraceMs: 0, force: true };

beforeAll(async () => {
  await preparePython();
}, 600_000);

it('PyIceberg reads tables that were compacted, whose manifests were rewritten and whose snapshots expired', {
  timeout: 120_000,
}, async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'copy_load',
          pattern: 'stateless',
          sources: [{ table: 'raw.plain', event_time: 'ts' }],
          target: { table: 'facts.copy', event_time: 'ts', partition_by: ['hour(ts)'] },
        },
        'select id, ts from plain',
      ),
    ],
  });
  const rows = (first: number, hour: number): string =>
    `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(${first}, ${first + 10}) t(i)`;
  for (const [table, formatVersion] of [
    ['raw.plain', '2'],
    ['raw.second', '2'],
    ['raw.third', '3'],
  ] as const) {
    await world.create(table, 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)', formatVersion });
  }
  for (const [index, hour] of [0, 1, 2, 3, 3, 4].entries()) {
    for (const table of ['raw.plain', 'raw.second', 'raw.third'])
      await world.land(table, rows(index * 10, hour));
    await world.publish('copy_load');
  }
  // Position deletes in version 2, deletion vectors in version 3; an equality delete in version 2.
  for (const table of ['raw.second', 'raw.third']) await world.sql(`delete from ${table} where id % 10 = 4`);
  await world.changeFiles('raw.second', {
    operation: 'overwrite',
    deletes: [{ kind: 'equality', columns: ['id'], values: 'select 37::bigint union all select 5' }],
  });
  const expected = new Map<string, number[]>();
  for (const table of TABLES)
    expected.set(
      table,
      (await world.sql(`select id::int as id from ${table} order by id`)).map((row) => row['id'] as number),
    );
  expect([...expected.values()].map((ids) => ids.length)).toEqual([52, 54, 60]);

  await world.psyberg.maintain(TABLES, { only: ['compact'] });
  await expectSeen(world, expected, { operation: 'replace' });
  const { tables } = await world.psyberg.maintain(TABLES, {
    ...AT_ONCE,
    only: ['manifests', 'expire', 'orphans'],
  });
  expect(tables[2]?.manifests).toMatchObject({ before: 5, after: 1 });
  const seen = await expectSeen(world, expected, { snapshots: 1 });
  expect(seen['facts.copy']?.manifests).toBe(1);
});

async function expectSeen(
  world: World,
  expected: ReadonlyMap<string, number[]>,
  properties: Partial<Seen>,
): Promise<Readonly<Record<string, Seen>>> {
  const { uri, token } = world.psyberg.internals.catalog;
  const seen = await runPython<Record<string, Seen>>(READ, { uri, token, tables: TABLES });
  for (const [name, ids] of expected) {
    const files = Number(mainSnapshot(await world.metadata(name))?.summary?.['total-data-files']);
    expect({ name, ...seen[name] }).toMatchObject({
      name,
      ids,
      some: ids.filter((id) => id >= 40),
      // Five hours, one file each; of version 3 as well, whose deletion vectors are gone.
      data_files: 5,
      delete_files: 0,
      live_entries: files,
      partitions: 5,
      rows_in_files: ids.length,
      total: String(ids.length),
      ...properties,
    });
  }
  return seen;
}
