// Goal: another engine reads everything that sessions write. Method: the walkthrough and sessions over every
// layout; PyIceberg reads each table, its manifests, entries, files and snapshots, through REST and straight
// from the warehouse; DuckDB says what must come out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { playWalkthrough } from '../../warehouse/member-lifecycle/walkthrough.ts';
import { openSampleProject } from '../../warehouse/sample-project.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

const READ = `
from datetime import date, datetime
def text(value):
  if value is None: return None
  if isinstance(value, bool): return str(value).lower()
  if isinstance(value, datetime):
    whole = value.replace(tzinfo=None) - datetime(1970, 1, 1)
    return str((whole.days * 86400 + whole.seconds) * 1000000 + whole.microseconds)
  return str(value)
found = {}
for namespace in catalog.list_namespaces():
  for identifier in catalog.list_tables(namespace):
    table = catalog.load_table(identifier)
    rows = [json.dumps([text(value) for value in row.values()], separators=(',', ':'), ensure_ascii=False) for row in table.scan().to_arrow().to_pylist()]
    manifests = table.inspect.manifests().to_pylist()
    # Not inspect.entries(): it fails where column_sizes is null, which the specification allows and DuckDB writes.
    snapshot = table.current_snapshot()
    entries = [entry for manifest in (snapshot.manifests(table.io) if snapshot else []) for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)]
    files = table.inspect.files().to_pylist()
    found['.'.join(identifier)] = {
      'rows': sorted(rows),
      'snapshots': len(table.inspect.snapshots().to_pylist()),
      'history': len(table.inspect.history().to_pylist()),
      'live_in_manifests': sum(m['added_data_files_count'] + m['existing_data_files_count'] for m in manifests),
      'live_entries': sum(1 for entry in entries if entry.status.value != 2),
      'files': len(files),
      'rows_in_files': sum(f['record_count'] for f in files),
      'partitions': sum(p['record_count'] for p in table.inspect.partitions().to_pylist()),
      'refs': sorted(name for name, ref in table.refs().items() if ref.snapshot_ref_type == 'branch'),
      'total_records': (table.current_snapshot().summary.additional_properties.get('total-records') if table.current_snapshot() else None),
    }
print(json.dumps(found))`;
const THROUGH_REST = `
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
${READ}`;
const WITHOUT_SERVER = `
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog('psyberg', uri='sqlite:///' + argument['warehouse'] + '/catalog.db', warehouse=argument['warehouse'])
${READ}`;

interface TableSeen {
  readonly rows: readonly string[];
  readonly snapshots: number;
  readonly history: number;
  readonly live_in_manifests: number;
  readonly live_entries: number;
  readonly files: number;
  readonly rows_in_files: number;
  readonly partitions: number;
  readonly refs: readonly string[];
  readonly total_records: string | null;
}

/** Every table as DuckDB reads it, in the texts that the Python program makes of values. */
async function asDuckDbReads(psyberg: OpenedProject): Promise<Map<string, string[]>> {
  const { client } = psyberg.internals;
  const tables = new Map<string, string[]>();
  for (const namespace of await client.listNamespaces())
    for (const id of await client.listTables(namespace)) {
      const name = [...id.namespace, id.name].join('.');
      const { columns } = await psyberg.sql(`select * from ${name} limit 0`);
      const casts = columns.map((column) =>
        column.type.startsWith('TIMESTAMP')
          ? `epoch_us("${column.name}")::varchar`
          : `"${column.name}"::varchar`,
      );
      const { rows } = await psyberg.sql(`select ${casts.join(', ')} from ${name}`);
      tables.set(name, rows.map((row) => JSON.stringify(row)).sort());
    }
  return tables;
}

function expectAgreement(seen: Readonly<Record<string, TableSeen>>, expected: Map<string, string[]>): void {
  expect(Object.keys(seen).sort()).toEqual([...expected.keys()].sort());
  for (const [name, table] of Object.entries(seen)) {
    const rows = expected.get(name) as string[];
    expect(table.rows, name).toEqual(rows);
    expect(table.live_entries, name).toBe(table.files);
    expect(table.live_in_manifests, name).toBe(table.files);
    expect([table.rows_in_files, table.partitions], name).toEqual([rows.length, rows.length]);
    expect(
      table.refs.filter((ref) => ref !== 'main'),
      name,
    ).toEqual([]);
    if (!name.startsWith('raw.') && !name.startsWith('psyberg.'))
      expect(table.total_records, name).toBe(String(rows.length));
  }
}

beforeAll(async () => {
  await preparePython();
}, 600_000);

describe('the sample world', () => {
  let folder: string;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  it('is read by PyIceberg as DuckDB reads it, through REST and without a server', {
    timeout: 240_000,
  }, async () => {
    folder = mkdtempSync(join(tmpdir(), 'psyberg-interop-'));
    const project = await openSampleProject({
      from: fileURLToPath(new URL('../../warehouse/member-lifecycle', import.meta.url)),
      to: join(folder, 'project'),
    });
    try {
      await playWalkthrough(project);
      const opened = await open({ project: join(folder, 'project') });
      onTestFinished(() => opened.close());
      const expected = await asDuckDbReads(opened);
      const { catalog } = opened.internals;
      expect(expected.size).toBeGreaterThan(8);
      expectAgreement(await runPython(THROUGH_REST, { uri: catalog.uri, token: catalog.token }), expected);
      expectAgreement(await runPython(WITHOUT_SERVER, { warehouse: catalog.warehouse }), expected);
    } finally {
      await project.close();
    }
  });
});

describe('every layout of a target', () => {
  const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
    plain: [],
    by_hour: ['hour(ts)'],
    by_day: ['day(ts)'],
    by_month: ['month(ts)'],
    by_country: ['country'],
    by_bucket: ['bucket(3, id)'],
    by_both: ['day(ts)', 'country'],
    by_width: ['truncate(10, id)'],
  };
  let world: World;
  beforeAll(async () => {
    world = await createWorld({
      processes: Object.entries(LAYOUTS).map(([name, partitionBy]) =>
        processFile(
          {
            process_name: `${name}_load`,
            pattern: 'stateful',
            sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
            target: { table: `facts.${name}`, event_time: 'ts', partition_by: partitionBy },
          },
          'select id, ts, country, id::decimal(12, 2) as price, id % 2 = 0 as even, ts::date as d, ts::timestamp as local_ts, (case when id > 5 then country end) as maybe from e',
        ),
      ),
    });
  });
  afterAll(() => world.close());
  it('is read by PyIceberg after an overwrite that carried rows over, and after one that emptied hours', {
    timeout: 240_000,
  }, async () => {
    const events = (first: number, count: number, hour: number) =>
      `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts, ['de', 'fr', null][1 + i % 3] as country from range(${first}, ${first + count}) t(i)`;
    await world.create('raw.events', 'id bigint, ts timestamptz, country varchar', {
      partitionedBy: 'hour(ts)',
    });
    await world.land(
      'raw.events',
      [0, 1, 2, 25].map((hour) => events(hour * 100, 9, hour)).join(' union all '),
    );
    expect((await world.run()).map((record) => record.error)).toEqual(Object.keys(LAYOUTS).map(() => null));
    await world.land('raw.events', events(1000, 4, 1));
    expect((await world.run()).map((record) => record.status)).toEqual(
      Object.keys(LAYOUTS).map(() => 'published'),
    );
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(-1) });
    expect((await world.run()).map((record) => record.status)).toEqual(
      Object.keys(LAYOUTS).map(() => 'published'),
    );
    const expected = await asDuckDbReads(world.psyberg);
    expect(expected.get('facts.plain')?.length).toBe((await world.rows('from raw.events')).length);
    const { uri, token } = world.psyberg.internals.catalog;
    expectAgreement(await runPython(THROUGH_REST, { uri, token }), expected);
  });

  it('is pruned by PyIceberg to the files of one hour', { timeout: 60_000 }, async () => {
    const { uri, token } = world.psyberg.internals.catalog;
    const planned = await runPython<Record<string, [number, number]>>(
      `
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
found = {}
for name in ['by_hour', 'by_day', 'plain']:
  scan = catalog.load_table('facts.' + name).scan(row_filter="ts >= '${hourAt(1)}' and ts < '${hourAt(2)}'".replace('Z', '+00:00'))
  found[name] = [len(list(scan.plan_files())), len(scan.to_arrow())]
print(json.dumps(found))`,
      { uri, token },
    );
    const rows = Number(
      (
        await world.sql(
          `select count(*) as n from raw.events where ts >= timestamptz '${hourAt(1)}' and ts < timestamptz '${hourAt(2)}'`,
        )
      )[0]?.['n'],
    );
    expect([planned['by_hour']?.[1], planned['by_day']?.[1], planned['plain']?.[1]]).toEqual([
      rows,
      rows,
      rows,
    ]);
    expect(planned['by_hour']?.[0]).toBeLessThanOrEqual(1);
  });
});
