// Goal: every snapshot that a session publishes is what the specification demands, in every shape of a
// target. Method: sessions over targets of all versions and layouts, with row-level deletes of other writers
// in them; PyIceberg reads every snapshot's list, manifests, entries and rows, and counts what the summary
// says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

interface Shape {
  readonly partitionBy: readonly string[];
  readonly version: string;
  /** Further columns of the query. */
  readonly more?: string;
  readonly existingRows?: 'keep';
}
const SHAPES: Readonly<Record<string, Shape>> = {
  plain_2: { partitionBy: [], version: '2' },
  day_2: { partitionBy: ['day(ts)'], version: '2' },
  width_2: { partitionBy: ['truncate(1000, id)', 'truncate(1, country)'], version: '2' },
  bucket_2: { partitionBy: ['hour(ts)', 'bucket(2, id)'], version: '2' },
  hashes_2: { partitionBy: ['bucket(5, country)', 'bucket(3, ts)'], version: '2' },
  nested_3: { partitionBy: ['day(ts)'], version: '3', more: ", [id] as list, {'a': id} as struct" },
  plain_3: { partitionBy: [], version: '3' },
  hour_3: { partitionBy: ['hour(ts)'], version: '3' },
  day_3: { partitionBy: ['day(ts)'], version: '3' },
};
const NAMES = Object.keys(SHAPES);

/** Of every snapshot in the history of `main`: its summary, and the same counted from its entries. */
const COUNT = `
from pyarrow import parquet
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
found = {}
for name in argument['tables']:
  table = catalog.load_table(name)
  specs = table.specs()
  foreign = {each.snapshot_id for each in table.snapshots() if 'psyberg.session-id' not in each.summary.additional_properties}
  history = []
  snapshot = table.current_snapshot()
  while snapshot is not None:
    counts = {key: 0 for key in ['added-data-files', 'added-records', 'added-files-size', 'deleted-data-files', 'deleted-records', 'removed-files-size', 'total-data-files', 'total-records',
      'total-delete-files', 'total-position-deletes', 'total-equality-deletes', 'total-files-size', 'removed-delete-files']}
    partitions, problems = set(), []
    for manifest in snapshot.manifests(table.io):
      seen = {0: [0, 0], 1: [0, 0], 2: [0, 0]}
      spec = specs[manifest.partition_spec_id]
      live_numbers, values = [], []
      for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
        file, status = entry.data_file, entry.status.value
        content = int(getattr(file.content, 'value', file.content))
        seen[status][0] += 1; seen[status][1] += file.record_count
        # DuckDB 1.5.5 lists the fields of every spec in its delete manifests.
        if len(file.partition) != len(spec.fields) and not (int(manifest.content) == 1 and manifest.added_snapshot_id in foreign): problems.append('partition tuple')
        if entry.sequence_number is None or entry.file_sequence_number is None: problems.append('sequence numbers')
        if status == 0 and (entry.snapshot_id == snapshot.snapshot_id or entry.sequence_number >= snapshot.sequence_number and manifest.added_snapshot_id == snapshot.snapshot_id): problems.append('existing entry counts as new')
        if status != 0 and entry.snapshot_id != manifest.added_snapshot_id: problems.append('snapshot id')
        deletes = content > 0
        if status < 2:
          live_numbers.append(entry.sequence_number); values.append(file.partition)
          counts['total-files-size'] += file.file_size_in_bytes
          counts['total-delete-files' if deletes else 'total-data-files'] += 1
          counts[['total-records', 'total-position-deletes', 'total-equality-deletes'][content]] += file.record_count
        if manifest.added_snapshot_id == snapshot.snapshot_id and status > 0:
          partitions.add((manifest.partition_spec_id, str(file.partition)))
          counts['added-files-size' if status == 1 else 'removed-files-size'] += file.file_size_in_bytes
          if deletes: counts['removed-delete-files'] += status == 2
          else:
            counts['added-data-files' if status == 1 else 'deleted-data-files'] += 1
            counts['added-records' if status == 1 else 'deleted-records'] += file.record_count
      if [manifest.existing_files_count, manifest.added_files_count, manifest.deleted_files_count] != [seen[0][0], seen[1][0], seen[2][0]]: problems.append('file counts')
      if [manifest.existing_rows_count, manifest.added_rows_count, manifest.deleted_rows_count] != [seen[0][1], seen[1][1], seen[2][1]]: problems.append('row counts')
      if live_numbers and manifest.min_sequence_number != min(live_numbers): problems.append('min_sequence_number')
      if manifest.sequence_number > snapshot.sequence_number: problems.append('sequence_number')
      # Not of delete manifests: those that the test writes have no summaries to be merged.
      if spec.fields and manifest.added_snapshot_id == snapshot.snapshot_id and int(manifest.content) == 0:
        if len(manifest.partitions or []) != len(spec.fields): problems.append('partition summaries')
        else:
          for position, summary in enumerate(manifest.partitions):
            if any(value[position] is None for value in values) and not summary.contains_null: problems.append('contains_null')
            if any(value[position] is not None for value in values) and (summary.lower_bound is None or summary.upper_bound is None): problems.append('summary bounds')
    counts['changed-partition-count'] = len(partitions)
    summary = {key: value for key, value in snapshot.summary.additional_properties.items() if not key.startswith('psyberg.high')}
    session = 'psyberg.session-id' in summary
    history.append({'session': session, 'operation': snapshot.summary.operation.value, 'problems': sorted(set(problems)), 'summary': summary, 'counts': {key: str(value) for key, value in counts.items()},
      'rows': len(table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()) if argument['rows'] and counts['total-equality-deletes'] == 0 else None})
    snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id is not None else None
  # What PyIceberg's own transforms make of the rows is the partition that their file is in.
  schema, misplaced = table.schema(), 0
  for task in table.current_snapshot().manifests(table.io):
    spec = specs[task.partition_spec_id]
    if int(task.content) == 1 or not argument['rows']: continue
    for entry in task.fetch_manifest_entry(table.io):
      rows = parquet.read_table(entry.data_file.file_path, partitioning=None)
      for position, field in enumerate(spec.fields):
        column = schema.find_field(field.source_id)
        transform = field.transform.transform(column.field_type)
        values = rows[column.name].to_pylist()
        values = [int(value.timestamp() * 1000000) if hasattr(value, 'timestamp') else value for value in values]
        misplaced += sum(transform(value) != entry.data_file.partition[position] for value in values)
  found[name] = {'misplaced': misplaced, 'version': table.format_version, 'history': history[::-1], 'files': len(table.inspect.files()), 'partitions': sum(p['record_count'] for p in table.inspect.partitions().to_pylist())}
print(json.dumps(found))`;

interface Seen {
  readonly version: number;
  readonly misplaced: number;
  readonly files: number;
  readonly partitions: number;
  readonly history: readonly {
    readonly session: boolean;
    readonly operation: string;
    readonly problems: readonly string[];
    readonly summary: Readonly<Record<string, string>>;
    readonly counts: Readonly<Record<string, string>>;
    readonly rows: number | null;
  }[];
}

let world: World;
const events = (first: number, count: number, hour: number): string =>
  `(select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3000) as ts, ['de', 'fr', null][1 + i % 3] as country from range(${first}, ${first + count}) t(i))`;
const processOf = (name: string, shape: Shape) =>
  processFile(
    {
      process_name: `${name}_load`,
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: {
        table: `facts.${name}`,
        event_time: 'ts',
        partition_by: shape.partitionBy,
        properties: { 'format-version': shape.version },
        ...(shape.existingRows === undefined ? {} : { existing_rows: shape.existingRows }),
      },
    },
    `select id, ts, country${shape.more ?? ''} from e`,
  );
const runAll = async (): Promise<void> => {
  for (const record of await world.run())
    expect([record.process_name, record.status, record.error], JSON.stringify(record.error)).toEqual([
      record.process_name,
      'published',
      null,
    ]);
};
async function seen(tables: readonly string[], rows = true): Promise<Record<string, Seen>> {
  const { uri, token } = world.psyberg.internals.catalog;
  return runPython<Record<string, Seen>>(COUNT, { uri, token, tables, rows });
}
function expectSound(name: string, table: Seen): void {
  expect(table.misplaced, name).toBe(0);
  for (const [index, snapshot] of table.history.entries()) {
    if (!snapshot.session) continue;
    const at = `${name}, snapshot ${index + 1} of ${table.history.length}`;
    expect(snapshot.problems, at).toEqual([]);
    const { 'total-files-size': size, 'removed-delete-files': removedDeletes, ...counts } = snapshot.counts;
    expect(snapshot.summary, at).toMatchObject(counts);
    expect(snapshot.summary['removed-delete-files'] ?? '0', at).toBe(removedDeletes);
    if (snapshot.summary['total-files-size'] !== undefined)
      expect(snapshot.summary['total-files-size'], at).toBe(size);
  }
}

/**
 * Iceberg specification, "First Row ID Assignment". PyIceberg 0.12 reads tables of version 3, but not these
 * numbers.
 */
async function expectRowIds(table: string): Promise<void> {
  const engine = await world.psyberg.internals.engine();
  const metadata = await world.metadata(table);
  for (const snapshot of await world.history(table)) {
    if (snapshot.summary?.['psyberg.session-id'] === undefined) continue;
    const manifests = await engine.query<{
      content: number;
      own: boolean;
      first: bigint | null;
      rows: bigint;
    }>({
      sql: `select content, added_snapshot_id = $id::bigint as own, first_row_id as first, added_rows_count + existing_rows_count as rows from read_avro($list) order by first_row_id`,
      parameters: { list: snapshot['manifest-list'], id: String(snapshot['snapshot-id']) },
    });
    expect(
      manifests.filter((each) => (each.first === null) !== (each.content === 1)),
      table,
    ).toEqual([]);
    let next = snapshot['first-row-id'] as bigint;
    for (const { first, rows } of manifests.filter((each) => each.own && each.content === 0)) {
      expect(first, table).toBe(next);
      next += rows;
    }
    expect([snapshot['added-rows'], (metadata['next-row-id'] as bigint) >= next], table).toEqual([
      next - (snapshot['first-row-id'] as bigint),
      true,
    ]);
  }
}

beforeAll(async () => {
  await preparePython();
  world = await createWorld({ processes: NAMES.map((name) => processOf(name, SHAPES[name] as Shape)) });
  await world.create('raw.events', 'id bigint, ts timestamptz, country varchar', {
    partitionedBy: 'hour(ts)',
  });
}, 600_000);
afterAll(() => world.close());

describe('targets of every version and layout', () => {
  it('are published as the specification demands, with row-level deletes of others in them', {
    timeout: 600_000,
  }, async () => {
    await world.land(
      'raw.events',
      [0, 1, 2, 25].map((hour) => events(hour * 100, 12, hour)).join(' union all '),
    );
    await runAll();
    // Another engine deletes a row of the hour that will be replaced, and one beside it.
    for (const name of NAMES) await world.sql(`delete from facts.${name} where id in (105, 205)`);
    const before = new Map<string, Record<string, unknown>[]>();
    for (const name of NAMES.filter((each) => each.endsWith('_3')))
      before.set(
        name,
        await world.sql(
          `select id, _row_id as row_id, _last_updated_sequence_number as number from facts.${name}`,
        ),
      );
    await world.land('raw.events', events(1000, 5, 1));
    await runAll();
    for (const name of NAMES)
      expect(await world.rows(`select id, ts, country from facts.${name}`), name).toEqual(
        await world.rows('from raw.events where id <> 205'),
      );

    for (const [name, rows] of before) {
      const after = await world.sql(
        `select id, _row_id as row_id, _last_updated_sequence_number as number from facts.${name}`,
      );
      const head = (await world.history(`facts.${name}`)).at(-1);
      expect(new Set(after.map((row) => row['row_id'])).size, name).toBe(after.length);
      const kept = new Map(rows.map((row) => [row['id'], row]));
      for (const row of after) {
        const replaced = [100n, 1000n].some(
          (first) => (row['id'] as bigint) >= first && (row['id'] as bigint) < first + 100n,
        );
        // A row of another hour keeps its id and its last change, whether its file stayed or it was carried
        // over (by DuckDB's INSERT, it is a new row).
        if (!replaced && name === 'nested_3') continue;
        if (!replaced) expect(row, name).toEqual(kept.get(row['id']));
        else
          expect(
            [(row['row_id'] as bigint) >= (head?.['first-row-id'] as bigint), row['number']],
            name,
          ).toEqual([true, head?.['sequence-number']]);
      }
      const metadata = await world.metadata(`facts.${name}`);
      expect(
        after.every((row) => (row['row_id'] as bigint) < (metadata['next-row-id'] as bigint)),
        name,
      ).toBe(true);
      await expectRowIds(`facts.${name}`);
    }

    await world.changeFiles('raw.events', {
      operation: 'delete',
      remove: (files) => files.filter((file) => file.path.includes('=466') || file.rows === 5n).slice(-1),
    });
    await runAll();
    const tables = await seen(NAMES.map((name) => `facts.${name}`));
    for (const [name, table] of Object.entries(tables)) {
      expectSound(name, table);
      expect(
        table.history.map((snapshot) => [snapshot.session, snapshot.operation]),
        name,
      ).toEqual([
        // The empty one with which a target begins.
        [false, 'append'],
        [true, 'overwrite'],
        [false, 'delete'],
        [true, 'overwrite'],
        [true, 'overwrite'],
      ]);
      const rows = Number((await world.sql(`select count(*) as n from ${name}`))[0]?.['n']);
      expect(table.history.at(-1)?.rows, name).toBe(rows);
      expect(`facts.${name.slice(6)}`).toBe(name);
    }
    // Where a file holds one hour, only the delete of the row beside it is left; where files straddle, none
    // is.
    expect(tables['facts.hour_3']?.history[3]?.summary).toMatchObject({
      'total-delete-files': '1',
      'removed-dvs': '1',
      'removed-delete-files': '1',
    });
    expect(tables['facts.plain_2']?.history[3]?.summary).toMatchObject({ 'total-delete-files': '0' });
    expect(tables['facts.plain_3']?.history[3]?.summary).toMatchObject({ 'total-delete-files': '0' });
  });
});

describe('a target of version 1', () => {
  it('becomes one of version 2 with its first session, and keeps what it holds', {
    timeout: 300_000,
  }, async () => {
    const { uri, token } = world.psyberg.internals.catalog;
    await runPython(
      `
import pyarrow as pa
from datetime import datetime, timedelta, timezone
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import DayTransform
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
start = datetime(2023, 9, 14, tzinfo=timezone.utc)
rows = lambda first, hour: pa.table({'id': pa.array(range(first, first + 3), pa.int64()), 'ts': pa.array([start + timedelta(hours=hour, seconds=i) for i in range(3)], pa.timestamp('us', tz='UTC')), 'country': ['de', 'fr', None]})
table = catalog.create_table('facts.old', schema=rows(0, 0).schema, properties={'format-version': '1'})
with table.update_spec() as update: update.add_field('ts', DayTransform(), 'ts_day')
table.append(rows(-10, -40)); table.append(rows(-20, 2)); table.append(rows(-30, 60))
print(json.dumps(table.format_version))`,
      { uri, token },
    );
    world.writeProcess(processOf('old', { partitionBy: ['day(ts)'], version: '2', existingRows: 'keep' }));
    await world.reopen();
    expect((await world.metadata('facts.old'))['format-version']).toBe(1);
    await world.publish('old_load');
    expect((await world.metadata('facts.old'))['format-version']).toBe(2);
    const kept =
      "union all select id, ts, country from facts.old where id < 0 and ts not between timestamptz '2023-09-14 00:00:00Z' and timestamptz '2023-09-15 01:59:59Z'";
    expect(await world.rows('from facts.old')).toEqual(await world.rows(`from raw.events ${kept}`));
    expect(await world.rows('select count(*) from facts.old where id < 0')).toEqual(['["6"]']);
    const table = (await seen(['facts.old']))['facts.old'] as Seen;
    expectSound('old', table);
    expect(table.history.at(-1)?.rows).toBe(
      Number((await world.sql('select count(*) as n from facts.old'))[0]?.['n']),
    );
  });
});

describe('a target that was upgraded from version 2 to 3', () => {
  it('has its rows numbered by the next session', { timeout: 300_000 }, async () => {
    await world.commit('facts.day_2', [{ action: 'upgrade-format-version', 'format-version': 3 }]);
    await world.land('raw.events', events(3000, 2, 25));
    const record = await world.publish('day_2_load');
    expect(record.rows_written).toBe('14');
    const rows = await world.sql('select id, _row_id as row_id from facts.day_2');
    expect(rows.some((row) => row['row_id'] === null)).toBe(false);
    expect(new Set(rows.map((row) => row['row_id'])).size).toBe(rows.length);
    expect(await world.rows('select id from facts.day_2')).toEqual(
      await world.rows('select id from raw.events where id <> 205'),
    );
    expectSound('upgraded', (await seen(['facts.day_2']))['facts.day_2'] as Seen);
  });
});

describe('manifests that are merged at commit', () => {
  it('keep row ids, numbers and deletes, each spec and each kind of content for itself', {
    timeout: 300_000,
  }, async () => {
    await world.create('raw.few', 'id bigint, ts timestamptz, country varchar');
    world.writeProcess(
      processFile(
        {
          process_name: 'merged_load',
          pattern: 'stateless',
          sources: [{ table: 'raw.few', event_time: 'ts', alias: 'e' }],
          target: {
            table: 'facts.merged',
            event_time: 'ts',
            partition_by: ['day(ts)'],
            properties: { 'format-version': '3', 'commit.manifest.min-count-to-merge': '4' },
          },
        },
        'select id, ts, country from e',
      ),
    );
    await world.reopen();
    const known = new Map<unknown, unknown>();
    const gone: number[] = [];
    for (let session = 0; session < 9; session += 1) {
      await world.land('raw.few', `select * from ${events(session * 10, 4, session * 20)}`);
      await world.publish('merged_load');
      const rows = await world.sql(
        'select id, _row_id as row_id, _last_updated_sequence_number as number from facts.merged',
      );
      expect(rows.length).toBe(4 * (session + 1) - gone.length);
      for (const row of rows)
        if (known.has(row['id'])) expect(row, `session ${session}`).toEqual(known.get(row['id']));
      for (const row of rows) known.set(row['id'], row);
      expect(new Set(rows.map((row) => row['row_id'])).size).toBe(rows.length);
      if (session === 2)
        await world.commit('facts.merged', [
          {
            action: 'add-spec',
            spec: { fields: [{ name: 'country', transform: 'identity', 'source-id': 3 }] },
          },
          { action: 'set-default-spec', 'spec-id': -1 },
        ]);
      if (session % 2 === 1 && session < 6) {
        gone.push(session * 10);
        await world.sql(`delete from facts.merged where id = ${session * 10}`);
      }
    }
    const table = (await seen(['facts.merged']))['facts.merged'] as Seen;
    expectSound('merged', table);
    await expectRowIds('facts.merged');
    expect([table.history.at(-1)?.rows, table.history.at(-1)?.summary['total-delete-files']]).toEqual([
      36 - gone.length,
      '3',
    ]);
    const head = (await world.history('facts.merged')).at(-1);
    const manifests = await (await world.psyberg.internals.engine()).query<{
      spec: number;
      content: number;
      n: bigint;
      merged: boolean;
    }>({
      sql: 'select partition_spec_id as spec, content, count(*) as n, bool_or(existing_files_count > 1) as merged from read_avro($list) group by all order by all',
      parameters: { list: head?.['manifest-list'] as string },
    });
    expect(manifests.map((each) => [each.spec, each.content])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    // Twelve were written.
    expect(manifests.filter((each) => each.merged).map((each) => each.content)).toContain(0);
    expect(manifests.reduce((sum, each) => sum + each.n, 0n)).toBeLessThan(9n);
  });
});

describe('delete files of another engine', () => {
  const deleteRow = (table: string, id: number) =>
    world.changeFiles(table, {
      operation: 'delete',
      deletes: [{ kind: 'equality', columns: ['id'], values: `values (${id}::bigint)` }],
    });
  const counts = async (table: string) => (await world.history(table)).at(-1)?.summary ?? {};

  it('are honoured, and those of a partition go when all its files are replaced', {
    timeout: 300_000,
  }, async () => {
    await world.land('raw.events', events(4000, 3, 26));
    await world.publish('bucket_2_load');
    await deleteRow('facts.bucket_2', 0);
    await world.changeFiles('facts.bucket_2', {
      operation: 'delete',
      deletes: [{ kind: 'position', where: 'id in (1, 4001)', per: 'partition' }],
    });
    const before = await world.rows('select id from facts.bucket_2');
    expect([before.includes('["0"]'), before.includes('["1"]'), before.includes('["4001"]')]).toEqual([
      false,
      false,
      false,
    ]);
    const { 'total-equality-deletes': equality, 'total-position-deletes': position } =
      await counts('facts.bucket_2');
    await world.land('raw.events', events(5000, 3, 26));
    await world.publish('bucket_2_load');
    expect(await world.rows('select id from facts.bucket_2')).toEqual(
      [...before, '["4001"]', '["5000"]', '["5001"]', '["5002"]'].sort(),
    );
    // Hour 26 had two partitions, and an equality delete in each; of the position deletes one was its own.
    expect(await counts('facts.bucket_2')).toMatchObject({
      'total-equality-deletes': `${Number(equality) - 2}`,
      'removed-equality-delete-files': '2',
      'total-position-deletes': `${Number(position) - 1}`,
      'removed-position-delete-files': '1',
    });
    expectSound('bucket_2', (await seen(['facts.bucket_2'], false))['facts.bucket_2'] as Seen);
  });

  it('stay while they apply to a file that stays, take no row twice, and go when every file that they apply to was replaced', {
    timeout: 300_000,
  }, async () => {
    await world.publish('plain_2_load');
    await deleteRow('facts.plain_2', 2500);
    await world.changeFiles('facts.plain_2', {
      operation: 'delete',
      deletes: [{ kind: 'position', where: 'id in (2, 4002)', per: 'partition' }],
    });
    await world.land('raw.events', events(6000, 1, 26));
    await world.publish('plain_2_load');
    expect(await world.rows('select id from facts.plain_2')).toEqual(
      await world.rows('select id from raw.events where id not in (2, 205, 2500)'),
    );
    await world.land('raw.events', `${events(6100, 1, 0)} union all ${events(6200, 1, 26)}`);
    await world.publish('plain_2_load');
    expect(await world.rows('from facts.plain_2')).toEqual(await world.rows('from raw.events'));
    const table = (await seen(['facts.plain_2'], false))['facts.plain_2'] as Seen;
    expectSound('plain_2', table);
    expect(
      table.history
        .slice(-3)
        .map((snapshot) => [
          snapshot.counts['total-equality-deletes'],
          snapshot.counts['total-position-deletes'],
        ]),
    ).toEqual([
      ['1', '2'],
      ['1', '2'],
      ['0', '0'],
    ]);
  });

  it('of a target without partitions apply to its files after it was partitioned', {
    timeout: 300_000,
  }, async () => {
    await deleteRow('facts.plain_2', 2501);
    await world.commit('facts.plain_2', [
      { action: 'add-spec', spec: { fields: [{ name: 'day', transform: 'day', 'source-id': 2 }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    for (const id of [7000, 7100]) {
      await world.land('raw.events', events(id, 1, 49));
      await world.publish('plain_2_load');
      expect(await world.rows('select id from facts.plain_2')).toEqual(
        await world.rows('select id from raw.events where id <> 2501'),
      );
    }
    expect(await counts('facts.plain_2')).toMatchObject({ 'total-equality-deletes': '1' });
    await world.land('raw.events', `${events(7200, 1, 0)} union all ${events(7300, 1, 49)}`);
    await world.publish('plain_2_load');
    expect(await world.rows('from facts.plain_2')).toEqual(await world.rows('from raw.events'));
    expect(await counts('facts.plain_2')).toMatchObject({
      'total-equality-deletes': '0',
      'removed-equality-delete-files': '1',
    });
    expectSound('evolved', (await seen(['facts.plain_2']))['facts.plain_2'] as Seen);
  });
});
