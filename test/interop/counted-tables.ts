/**
 * What PyIceberg counts in every snapshot of a table, held against what its summary says, and the row ids of
 * its manifests. World, tables -> counts, or a failed expectation.
 */
import { expect } from 'vitest';
import { hourAt, type World } from '../support/world.ts';
import { runPython } from './python.ts';

/** Rows of one hour, as a subquery. */
export const events = (first: number, count: number, hour: number): string =>
  `(select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3000) as ts, ['de', 'fr', null][1 + i % 3] as country from range(${first}, ${first + count}) t(i))`;

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

export interface CountedTable {
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

/** By the name of each table. `rows`: also reads its rows, which PyIceberg cannot do with all deletes. */
export async function countedTables(
  world: World,
  tables: readonly string[],
  rows = true,
): Promise<Record<string, CountedTable>> {
  const { uri, token } = world.psyberg.internals.catalog;
  return runPython<Record<string, CountedTable>>(COUNT, { uri, token, tables, rows });
}

/** That the snapshots of sessions keep to the specification, and that their summaries are right. */
export function expectSound(name: string, table: CountedTable): void {
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
export async function expectRowIds(world: World, table: string): Promise<void> {
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
