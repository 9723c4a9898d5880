/**
 * Small tables of Avro files alone, for tests of what reads metadata: no catalog, no commit. Commits as short
 * data -> manifests, manifest lists and table metadata. Columns: id, ts (event time) and country. Hours count
 * from midnight of the day.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, forkWithMacros, openEngine } from '../../src/engine/index.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { applyUpdates } from '../../src/iceberg/updates.ts';
import { msAt } from './world.ts';

/** DuckDB with the macros, and a folder for tables; `close` removes both. */
export interface AvroWorld {
  readonly engine: Engine;
  readonly folder: string;
  close(): void;
}

export async function openAvroWorld(): Promise<AvroWorld> {
  const first = await openEngine({ threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-avro-'));
  const close = (): void => {
    first.close();
    rmSync(folder, { recursive: true });
  };
  return { engine: await forkWithMacros(first), folder, close };
}

export interface AvroFile {
  readonly name: string;
  /** The hours of its event times by its bounds: one, or the first and the last; undefined: no bounds. */
  readonly hours?: number | readonly [number, number];
  /** Of a table by the hour: its partition, where the writer computed another one than that of its bounds. */
  readonly partitionHour?: number;
  /** The same of its countries, as hexadecimal text. */
  readonly countries?: readonly [string, string];
  readonly rows?: number;
  /** SQL of its rows (id, ts, country): then there is such a Parquet file, else only its entry. */
  readonly query?: string;
}

export interface AvroCommit {
  readonly operation?: 'append' | 'overwrite' | 'delete' | 'replace';
  readonly add?: readonly AvroFile[];
  /** Names of files. */
  readonly remove?: readonly string[];
  readonly summary?: Readonly<Record<string, string>>;
}

interface AvroEntry {
  readonly file: AvroFile & { readonly rows: number; readonly path: string; readonly bytes: number };
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
}
interface Manifest {
  readonly path: string;
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
  readonly live: readonly AvroEntry[];
  readonly removed: readonly AvroEntry[];
}

export interface AvroTableOptions {
  readonly formatVersion?: 1 | 2 | 3;
  /** By the value of country (`NL` in every file), or by the hour, of which a file then holds one. */
  readonly partitionedBy?: 'country' | 'hour';
  /** Iceberg type of ts, and the unit of its values. */
  readonly eventTime?: EventTime;
}
interface EventTime {
  readonly type: string;
  readonly unit: 'day' | 's' | 'ms' | 'us' | 'ns';
}

const UNITS_PER_MS = { ms: 1n, us: 1000n, ns: 1_000_000n } as const;

/** A table; its snapshots are numbered 1, 2, 3 …, and so are their sequence numbers. */
export class AvroTable {
  metadata: TableMetadata;
  readonly #world: AvroWorld;
  readonly #options: Required<AvroTableOptions>;
  readonly #manifests = new Map<bigint, readonly Manifest[]>();
  #lastSnapshotId = 0n;
  #manifestsWritten = 0;

  constructor(world: AvroWorld, options: AvroTableOptions = {}) {
    const { formatVersion = 2, partitionedBy = 'country' } = options;
    const { eventTime = { type: 'timestamptz', unit: 'us' } as const } = options;
    this.#world = world;
    this.#options = { formatVersion, partitionedBy, eventTime };
    const location = mkdtempSync(join(world.folder, 't-'));
    mkdirSync(join(location, 'metadata'));
    const field =
      partitionedBy === 'hour'
        ? { 'source-id': 2, 'field-id': 1000, name: 'ts_hour', transform: 'hour' }
        : { 'source-id': 3, 'field-id': 1000, name: 'country', transform: 'identity' };
    this.metadata = newTableMetadata(
      {
        schema: { type: 'struct', fields: columnsOf(eventTime.type) },
        partitionSpec: { fields: [field] },
        properties: { 'format-version': String(formatVersion) },
        location,
        uuid: '11111111-1111-1111-1111-111111111111',
      },
      msAt(0),
    );
  }

  get eventTime(): EventTime {
    return this.#options.eventTime;
  }

  get head(): Snapshot {
    return mainSnapshot(this.metadata) as Snapshot;
  }

  /** The path of a file by its name. */
  pathOf(name: string): string {
    return join(this.metadata.location, `${name}.parquet`);
  }

  /** One commit onto `main`. */
  async commit({ operation = 'append', add = [], remove = [], summary = {} }: AvroCommit): Promise<Snapshot> {
    const { formatVersion } = this.#options;
    const parent = mainSnapshot(this.metadata);
    this.#lastSnapshotId += 1n;
    const snapshotId = this.#lastSnapshotId;
    const numbers = { snapshotId, sequenceNumber: formatVersion === 1 ? 0n : snapshotId };
    const files: AvroEntry['file'][] = [];
    for (const file of add) files.push(await this.#written(file));
    const before = parent === undefined ? [] : (this.#manifests.get(parent['snapshot-id']) ?? []);
    const manifests = await this.#manifestsWith(before, { files, remove, numbers });
    this.#manifests.set(snapshotId, manifests);
    const snapshot: Snapshot = {
      'snapshot-id': snapshotId,
      ...(parent === undefined ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
      ...(formatVersion === 1 ? {} : { 'sequence-number': numbers.sequenceNumber }),
      'timestamp-ms': msAt(Number(snapshotId)),
      'manifest-list': await this.#writeList(snapshotId, manifests),
      ...(formatVersion < 3
        ? {}
        : {
            'first-row-id': this.metadata['next-row-id'] ?? 0n,
            'added-rows': BigInt(files.reduce((sum, { rows }) => sum + rows, 0)),
          }),
      summary: { operation, ...summary },
    };
    this.metadata = applyUpdates(
      this.metadata,
      [{ action: 'add-snapshot', snapshot }, setMain(snapshotId)],
      snapshot['timestamp-ms'],
    );
    return snapshot;
  }

  /** Moves `main` to an earlier snapshot. */
  rollBack(snapshotId: bigint): void {
    this.metadata = applyUpdates(this.metadata, [setMain(snapshotId)], msAt(30));
  }

  /** Takes snapshots out of the metadata; their files stay. */
  expire(...ids: readonly bigint[]): void {
    this.metadata = applyUpdates(
      this.metadata,
      [{ action: 'remove-snapshots', 'snapshot-ids': [...ids] }],
      msAt(31),
    );
  }

  async #written(file: AvroFile): Promise<AvroEntry['file']> {
    const path = this.pathOf(file.name);
    if (file.query === undefined) return { ...file, path, rows: file.rows ?? 10, bytes: 1000 };
    const rows = await this.#world.engine.execute({
      sql: `copy (
          select id::bigint as id, ts::timestamptz as ts, country::varchar as country
          from (${file.query}) as t(id, ts, country)
        ) to $path (format parquet, field_ids {id: 1, ts: 2, country: 3})`,
      parameters: { path },
    });
    return { ...file, path, rows: Number(rows), bytes: statSync(path).size };
  }

  /** The manifests after a commit: one for what comes, and those from which something goes anew. */
  async #manifestsWith(
    before: readonly Manifest[],
    commit: {
      readonly files: readonly AvroEntry['file'][];
      readonly remove: readonly string[];
      readonly numbers: Omit<AvroEntry, 'file'>;
    },
  ): Promise<Manifest[]> {
    const { files, remove, numbers } = commit;
    const manifests: Manifest[] = [];
    if (files.length > 0) {
      const live = files.map((file) => ({ ...numbers, file }));
      manifests.push(await this.#writeManifest({ ...numbers, live, removed: [] }));
    }
    for (const manifest of before) {
      const removed = manifest.live.filter(({ file }) => remove.includes(file.name));
      const live = manifest.live.filter((entry) => !removed.includes(entry));
      if (removed.length > 0) manifests.push(await this.#writeManifest({ ...numbers, live, removed }));
      // A manifest without live files only told its own snapshot of a removal.
      else if (live.length > 0) manifests.push({ ...manifest, removed: [] });
    }
    return manifests;
  }

  async #writeManifest(manifest: Omit<Manifest, 'path'>): Promise<Manifest> {
    const { snapshotId, live, removed } = manifest;
    const { eventTime, partitionedBy } = this.#options;
    this.#manifestsWritten += 1;
    const path = join(this.metadata.location, 'metadata', `m-${snapshotId}-${this.#manifestsWritten}.avro`);
    const entries = [
      ...live.map((entry) => entryJson(entry, entry.snapshotId === snapshotId ? 1 : 0, eventTime)),
      ...removed.map((entry) => entryJson({ ...entry, snapshotId }, 2, eventTime)),
    ];
    await this.#world.engine.execute({
      sql: manifestSql({
        partition: partitionedBy === 'hour' ? '{ts_hour: entry.partition_hour}' : "{country: 'NL'}",
        // Iceberg stores int and date in 4 bytes.
        width: eventTime.type === 'int' || eventTime.type === 'date' ? 4 : 8,
      }),
      parameters: { entries: JSON.stringify(entries), path },
    });
    return { ...manifest, path };
  }

  async #writeList(snapshotId: bigint, manifests: readonly Manifest[]): Promise<string> {
    const path = join(this.metadata.location, 'metadata', `snap-${snapshotId}.avro`);
    const bound = (hour: string): string =>
      this.#options.partitionedBy === 'hour' ? `iceberg_bytes(manifest.${hour}, 4)` : "'NL'::blob";
    await this.#world.engine.execute({
      sql: listSql(bound('least_hour'), bound('greatest_hour')),
      parameters: { path, manifests: JSON.stringify(manifests.map(manifestJson)) },
    });
    return path;
  }
}

const columnsOf = (eventTimeType: string) => [
  { id: 1, name: 'id', required: false, type: 'long' },
  { id: 2, name: 'ts', required: false, type: eventTimeType },
  { id: 3, name: 'country', required: false, type: 'string' },
];

/** An instant as the table stores it. */
function storedText(atMs: number, { unit }: EventTime): string {
  if (unit === 'day') return String(Math.floor(atMs / 86_400_000));
  return unit === 's' ? String(Math.floor(atMs / 1000)) : String(BigInt(atMs) * UNITS_PER_MS[unit]);
}

const setMain = (snapshotId: bigint) =>
  ({ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId }) as const;

const boundsSql = (ts: string, country: string, width: number): string =>
  `map_from_entries(list_filter([
    {k: 2, v: case when entry.${ts} is not null then iceberg_bytes(entry.${ts}, ${width}) end},
    {k: 3, v: unhex(entry.${country})}
  ], lambda bound: bound.v is not null))`;

/** Writes a manifest. `partition`: the tuple of an entry; `width`: bytes of a bound of ts. */
const manifestSql = ({ partition, width }: { partition: string; width: number }): string => `copy (
    select
      entry.status, entry.snapshot_id, entry.sequence_number, entry.sequence_number as file_sequence_number, {
      content: 0,
      file_path: entry.path,
      file_format: 'PARQUET',
      partition: ${partition},
      record_count: entry.rows,
      file_size_in_bytes: entry.bytes,
      null_value_counts: map {2: 0::bigint},
      lower_bounds: ${boundsSql('lower', 'least_country', width)},
      upper_bounds: ${boundsSql('upper', 'greatest_country', width)}
    } as data_file
    from (select unnest(from_json($entries, '[{
      "status": "INTEGER", "snapshot_id": "BIGINT", "sequence_number": "BIGINT", "path": "VARCHAR",
      "rows": "BIGINT", "bytes": "BIGINT", "lower": "BIGINT", "upper": "BIGINT", "partition_hour": "INTEGER", "least_country": "VARCHAR",
      "greatest_country": "VARCHAR"
    }]')) as entry)
  ) to $path (format avro, root_name 'manifest_entry')`;

/** Writes a manifest list. The bounds are those of the partition field. */
const listSql = (lowerBound: string, upperBound: string): string => `copy (
    select
      manifest.* exclude (least_hour, greatest_hour),
      0 as partition_spec_id,
      0 as content,
      1000::bigint as manifest_length,
      [{
        contains_null: false, contains_nan: false, lower_bound: ${lowerBound}, upper_bound: ${upperBound}
      }] as partitions
    from (select unnest(from_json($manifests, '[{
      "manifest_path": "VARCHAR", "sequence_number": "BIGINT", "min_sequence_number": "BIGINT",
      "added_snapshot_id": "BIGINT", "added_files_count": "INTEGER", "existing_files_count": "INTEGER",
      "deleted_files_count": "INTEGER", "added_rows_count": "BIGINT", "existing_rows_count": "BIGINT",
      "deleted_rows_count": "BIGINT", "least_hour": "BIGINT", "greatest_hour": "BIGINT"
    }]')) as manifest)
  ) to $path (format avro, root_name 'manifest_file')`;

function manifestJson({ path, snapshotId, sequenceNumber, live, removed }: Manifest) {
  const added = live.filter((entry) => entry.snapshotId === snapshotId);
  const existing = live.filter((entry) => entry.snapshotId !== snapshotId);
  const all = [...live, ...removed];
  const hours = all
    .flatMap(({ file }) => [file.partitionHour ?? file.hours ?? 0].flat())
    .map((hour) => msAt(hour) / 3_600_000);
  const rows = (entries: readonly AvroEntry[]): number =>
    entries.reduce((sum, { file }) => sum + file.rows, 0);
  return {
    manifest_path: path,
    sequence_number: Number(sequenceNumber),
    min_sequence_number: Math.min(...all.map((entry) => Number(entry.sequenceNumber))),
    added_snapshot_id: Number(snapshotId),
    added_files_count: added.length,
    existing_files_count: existing.length,
    deleted_files_count: removed.length,
    added_rows_count: rows(added),
    existing_rows_count: rows(existing),
    deleted_rows_count: rows(removed),
    least_hour: Math.min(...hours),
    greatest_hour: Math.max(...hours),
  };
}

/** `status` as Iceberg counts: 0 existing, 1 added, 2 removed. */
function entryJson({ file, snapshotId, sequenceNumber }: AvroEntry, status: 0 | 1 | 2, eventTime: EventTime) {
  const [first, last] = typeof file.hours === 'number' ? [file.hours, file.hours] : (file.hours ?? []);
  return {
    status,
    snapshot_id: Number(snapshotId),
    // Of an added file the number is inherited (Iceberg specification, "Sequence Number Inheritance").
    sequence_number: status === 1 ? null : Number(sequenceNumber),
    path: file.path,
    rows: file.rows,
    bytes: file.bytes,
    lower: first === undefined ? null : storedText(msAt(first), eventTime),
    upper: last === undefined ? null : storedText(msAt(last) + 3_599_000, eventTime),
    partition_hour: msAt(file.partitionHour ?? first ?? 0) / 3_600_000,
    least_country: file.countries?.[0] ?? null,
    greatest_country: file.countries?.[1] ?? null,
  };
}
