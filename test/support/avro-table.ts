/**
 * Small tables of Avro files alone, for tests of what reads metadata: no catalog, no commit. Commits as short
 * data -> manifests, manifest lists and table metadata. Columns: id, ts (event time) and country. Hours count from
 * midnight of the day.
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
  /** The hours of its event times as its bounds state them: one, or the first and the last; undefined: no bounds. */
  readonly hours?: number | readonly [number, number];
  /** The same of its countries, as hexadecimal text. */
  readonly countries?: readonly [string, string];
  readonly rows?: number;
  /**
   * SQL of its rows (id, ts, country): then there is such a Parquet file, else only its entry.
   */
  readonly query?: string;
}

export interface AvroCommit {
  readonly operation?: 'append' | 'overwrite' | 'delete' | 'replace';
  readonly add?: readonly AvroFile[];
  /** Names of files. */
  readonly remove?: readonly string[];
  readonly summary?: Readonly<Record<string, string>>;
}

interface Entry {
  readonly file: AvroFile & { readonly rows: number; readonly path: string; readonly bytes: number };
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
}
interface ManifestOfList {
  readonly path: string;
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
  readonly live: readonly Entry[];
  readonly removed: readonly Entry[];
}

export interface AvroTableOptions {
  readonly formatVersion?: 1 | 2 | 3;
  /** By the value of country (`NL` in every file), or by the hour, of which a file then holds one. */
  readonly partitionedBy?: 'country' | 'hour';
}

/** A table; its snapshots are numbered 1, 2, 3 …, and so are their sequence numbers. */
export class AvroTable {
  metadata: TableMetadata;
  readonly #world: AvroWorld;
  readonly #manifests = new Map<bigint, readonly ManifestOfList[]>();
  readonly #folder: string;
  readonly #byHour: boolean;

  constructor(world: AvroWorld, { formatVersion = 2, partitionedBy = 'country' }: AvroTableOptions = {}) {
    this.#world = world;
    this.#byHour = partitionedBy === 'hour';
    this.#folder = mkdtempSync(join(world.folder, 't-'));
    mkdirSync(join(this.#folder, 'metadata'));
    this.metadata = newTableMetadata(
      {
        schema: {
          type: 'struct',
          fields: [
            { id: 1, name: 'id', required: false, type: 'long' },
            { id: 2, name: 'ts', required: false, type: 'timestamptz' },
            { id: 3, name: 'country', required: false, type: 'string' },
          ],
        },
        partitionSpec: {
          fields: [
            this.#byHour
              ? { 'source-id': 2, 'field-id': 1000, name: 'ts_hour', transform: 'hour' }
              : { 'source-id': 3, 'field-id': 1000, name: 'country', transform: 'identity' },
          ],
        },
        properties: { 'format-version': String(formatVersion) },
        location: this.#folder,
        uuid: '11111111-1111-1111-1111-111111111111',
      },
      msAt(0),
    );
  }

  get head(): Snapshot {
    return mainSnapshot(this.metadata) as Snapshot;
  }

  /** The path of a file by its name. */
  pathOf(name: string): string {
    return join(this.#folder, `${name}.parquet`);
  }

  /** One commit onto `main`. */
  async commit({ operation = 'append', add = [], remove = [], summary = {} }: AvroCommit): Promise<Snapshot> {
    const parent = mainSnapshot(this.metadata);
    const snapshotId = BigInt((this.metadata.snapshots?.length ?? 0) + this.#expired + 1);
    const sequenceNumber = snapshotId;
    const before = parent === undefined ? [] : (this.#manifests.get(parent['snapshot-id']) ?? []);
    const manifests: ManifestOfList[] = [];
    if (add.length > 0) {
      const live: Entry[] = [];
      for (const file of add) live.push({ file: await this.#written(file), snapshotId, sequenceNumber });
      manifests.push(await this.#manifest({ snapshotId, sequenceNumber, live, removed: [] }));
    }
    for (const manifest of before) {
      const removed = manifest.live.filter(({ file }) => remove.includes(file.name));
      if (removed.length === 0) manifests.push({ ...manifest, removed: [] });
      else {
        const live = manifest.live.filter((entry) => !removed.includes(entry));
        manifests.push(await this.#manifest({ snapshotId, sequenceNumber, live, removed }));
      }
    }
    const kept = manifests.filter(({ live, removed }) => live.length + removed.length > 0);
    const list = join(this.#folder, 'metadata', `snap-${snapshotId}.avro`);
    await this.#writeList(list, kept);
    this.#manifests.set(snapshotId, kept);
    const snapshot: Snapshot = {
      'snapshot-id': snapshotId,
      ...(parent === undefined ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
      ...(this.metadata['format-version'] === 1 ? {} : { 'sequence-number': sequenceNumber }),
      'timestamp-ms': msAt(Number(snapshotId)),
      'manifest-list': list,
      ...(this.metadata['format-version'] < 3
        ? {}
        : {
            'first-row-id': this.metadata['next-row-id'] ?? 0n,
            'added-rows': BigInt(add.reduce((sum, { rows = 10 }) => sum + rows, 0)),
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

  #expired = 0;

  /** Takes snapshots out of the metadata; their files stay. */
  expire(...ids: readonly bigint[]): void {
    this.metadata = applyUpdates(
      this.metadata,
      [{ action: 'remove-snapshots', 'snapshot-ids': [...ids] }],
      msAt(31),
    );
    this.#expired += ids.length;
  }

  async #written(file: AvroFile): Promise<Entry['file']> {
    const path = this.pathOf(file.name);
    if (file.query === undefined) return { ...file, path, rows: file.rows ?? 10, bytes: 1000 };
    const rows = await this.#world.engine.execute({
      sql: `copy (select id::bigint as id, ts::timestamptz as ts, country::varchar as country from (${file.query}) as t(id, ts, country))
        to $path (format parquet, field_ids {id: 1, ts: 2, country: 3})`,
      parameters: { path },
    });
    return { ...file, path, rows: Number(rows), bytes: statSync(path).size };
  }

  async #manifest(manifest: Omit<ManifestOfList, 'path'>): Promise<ManifestOfList> {
    const { snapshotId, live, removed } = manifest;
    const path = join(this.#folder, 'metadata', `m-${snapshotId}-${this.#manifestCount++}.avro`);
    const entries = [
      ...live.map((entry) => entryJson(entry, entry.snapshotId === snapshotId ? 1 : 0)),
      ...removed.map((entry) => entryJson({ ...entry, snapshotId }, 2)),
    ];
    await this.#world.engine.execute({
      sql: `copy (
          select e.status, e.snapshot_id, e.sequence_number, e.sequence_number as file_sequence_number, {
            content: 0, file_path: e.path, file_format: 'PARQUET', partition: ${this.#byHour ? '{ts_hour: (e.lower // 3600000000)::integer}' : "{country: 'NL'}"}, record_count: e.rows,
            file_size_in_bytes: e.bytes, null_value_counts: map {2: 0::bigint},
            lower_bounds: ${boundsSql('lower', 'least_country')},
            upper_bounds: ${boundsSql('upper', 'greatest_country')}
          } as data_file
          from (select unnest(from_json($entries, '[{"status": "INTEGER", "snapshot_id": "BIGINT", "sequence_number": "BIGINT",
            "path": "VARCHAR", "rows": "BIGINT", "bytes": "BIGINT", "lower": "BIGINT", "upper": "BIGINT",
            "least_country": "VARCHAR", "greatest_country": "VARCHAR"}]')) as e)
        ) to $path (format avro, root_name 'manifest_entry')`,
      parameters: { entries: JSON.stringify(entries), path },
    });
    return { ...manifest, path };
  }

  #manifestCount = 0;

  async #writeList(path: string, manifests: readonly ManifestOfList[]): Promise<void> {
    const rows = (entries: readonly Entry[]): number => entries.reduce((sum, { file }) => sum + file.rows, 0);
    await this.#world.engine.execute({
      sql: `copy (
          select m.* exclude (least_hour, greatest_hour), 0 as partition_spec_id, 0 as content, 1000::bigint as manifest_length,
            [{contains_null: false, contains_nan: false, lower_bound: ${this.#byHour ? 'iceberg_bytes(m.least_hour, 4)' : "'NL'::blob"},
              upper_bound: ${this.#byHour ? 'iceberg_bytes(m.greatest_hour, 4)' : "'NL'::blob"}}] as partitions
          from (select unnest(from_json($manifests, '[{"manifest_path": "VARCHAR", "sequence_number": "BIGINT",
            "min_sequence_number": "BIGINT", "added_snapshot_id": "BIGINT", "added_files_count": "INTEGER",
            "existing_files_count": "INTEGER", "deleted_files_count": "INTEGER", "added_rows_count": "BIGINT",
            "existing_rows_count": "BIGINT", "deleted_rows_count": "BIGINT", "least_hour": "BIGINT", "greatest_hour": "BIGINT"}]')) as m)
        ) to $path (format avro, root_name 'manifest_file')`,
      parameters: {
        path,
        manifests: JSON.stringify(
          manifests.map(({ path: manifest, snapshotId, sequenceNumber, live, removed }) => {
            const added = live.filter((entry) => entry.snapshotId === snapshotId);
            const existing = live.filter((entry) => entry.snapshotId !== snapshotId);
            return {
              manifest_path: manifest,
              sequence_number: Number(sequenceNumber),
              min_sequence_number: Math.min(
                ...[...live, ...removed].map((entry) => Number(entry.sequenceNumber)),
              ),
              added_snapshot_id: Number(snapshotId),
              added_files_count: added.length,
              existing_files_count: existing.length,
              deleted_files_count: removed.length,
              added_rows_count: rows(added),
              existing_rows_count: rows(existing),
              deleted_rows_count: rows(removed),
              least_hour: Math.min(...hoursOf([...live, ...removed])),
              greatest_hour: Math.max(...hoursOf([...live, ...removed])),
            };
          }),
        ),
      },
    });
  }
}

const setMain = (snapshotId: bigint) =>
  ({ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId }) as const;

const boundsSql = (hour: string, country: string): string =>
  `map_from_entries(list_filter([
    {k: 2, v: case when e.${hour} is not null then iceberg_bytes(e.${hour}, 8) end}, {k: 3, v: unhex(e.${country})}
  ], lambda bound: bound.v is not null))`;

/** Hours since 1970 that the entries' bounds state. */
const hoursOf = (entries: readonly Entry[]): number[] =>
  entries.flatMap(({ file }) => [file.hours ?? 0].flat()).map((hour) => msAt(hour) / 3_600_000);

/** `status` as Iceberg counts: 0 existing, 1 added, 2 removed. */
function entryJson({ file, snapshotId, sequenceNumber }: Entry, status: 0 | 1 | 2) {
  const [first, last] = typeof file.hours === 'number' ? [file.hours, file.hours] : (file.hours ?? []);
  return {
    status,
    snapshot_id: Number(snapshotId),
    // Of an added file the number is inherited (Iceberg specification, "Sequence Number Inheritance").
    sequence_number: status === 1 ? null : Number(sequenceNumber),
    path: file.path,
    rows: file.rows,
    bytes: file.bytes,
    lower: first === undefined ? null : msAt(first) * 1000,
    upper: last === undefined ? null : (msAt(last) + 3_540_000) * 1000,
    least_country: file.countries?.[0] ?? null,
    greatest_country: file.countries?.[1] ?? null,
  };
}
