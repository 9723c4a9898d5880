/**
 * Holds a table's metadata while one commit is applied to it. Metadata -> draft -> metadata. The draft is the
 * only mutable value of this room and never leaves it.
 */
import { usageError } from '../model/errors.ts';
import type {
  PartitionSpec,
  Schema,
  Snapshot,
  SnapshotId,
  SnapshotReference,
  SortOrder,
  TableMetadata,
} from './table-metadata.ts';
import type { EncryptionKey, StatisticsFile } from './table-update.ts';

export const MAIN_BRANCH = 'main';
/**
 * In `set-current-schema`, `set-default-spec` and `set-default-sort-order`: whichever this commit added last.
 */
export const LAST_ADDED = -1;

export interface MetadataDraft {
  formatVersion: number;
  uuid: string | undefined;
  location: string | undefined;
  lastSequenceNumber: bigint;
  lastColumnId: number;
  schemas: Schema[];
  currentSchemaId: number;
  specs: PartitionSpec[];
  defaultSpecId: number;
  lastPartitionId: number;
  sortOrders: SortOrder[];
  defaultSortOrderId: number;
  readonly properties: Map<string, string>;
  currentSnapshotId: SnapshotId | undefined;
  /** The snapshots of the base, without those that this commit removes. */
  snapshots: readonly Snapshot[];
  /**
   * The snapshots that this commit adds. Kept apart: an index of all snapshots would make a thousand entries
   * of garbage in each commit to a table that has a thousand.
   */
  readonly added: Map<SnapshotId, Snapshot>;
  readonly refs: Map<string, SnapshotReference>;
  snapshotLog: { 'snapshot-id': SnapshotId; 'timestamp-ms': number }[];
  nextRowId: bigint;
  statistics: StatisticsFile[];
  partitionStatistics: StatisticsFile[];
  encryptionKeys: EncryptionKey[];
  /** What this commit has done so far: needed for "the last added" and for the snapshot log. */
  readonly nowMs: number;
  changed: boolean;
  lastAddedSchemaId: number | undefined;
  lastAddedSpecId: number | undefined;
  lastAddedSortOrderId: number | undefined;
  readonly mainSnapshotIds: SnapshotId[];
  removedSnapshots: boolean;
}

/** Opens a draft of a table, or of a table that is about to be created. */
export function openDraft(base: TableMetadata | undefined, nowMs: number): MetadataDraft {
  return {
    formatVersion: base?.['format-version'] ?? 2,
    uuid: base?.['table-uuid'],
    location: base?.location,
    lastSequenceNumber: base?.['last-sequence-number'] ?? 0n,
    lastColumnId: base?.['last-column-id'] ?? 0,
    schemas: [...(base?.schemas ?? [])],
    // As in Apache Iceberg, a table that is being created starts with schema, spec and order 0 as its current
    // ones: DuckDB adds its partition spec before it says which schema is current.
    currentSchemaId: base?.['current-schema-id'] ?? 0,
    specs: [...(base?.['partition-specs'] ?? [])],
    defaultSpecId: base?.['default-spec-id'] ?? 0,
    // Iceberg spec, "Partition Specs": ids of partition fields start at 1000.
    lastPartitionId: base?.['last-partition-id'] ?? 999,
    sortOrders: [...(base?.['sort-orders'] ?? [])],
    defaultSortOrderId: base?.['default-sort-order-id'] ?? 0,
    properties: new Map(Object.entries(base?.properties ?? {})),
    currentSnapshotId: base?.['current-snapshot-id'] ?? undefined,
    snapshots: base?.snapshots ?? [],
    added: new Map(),
    refs: new Map(Object.entries(base?.refs ?? {})),
    snapshotLog: [...(base?.['snapshot-log'] ?? [])],
    nextRowId: base?.['next-row-id'] ?? 0n,
    statistics: [...((base?.statistics ?? []) as StatisticsFile[])],
    partitionStatistics: [...((base?.['partition-statistics'] ?? []) as StatisticsFile[])],
    encryptionKeys: [
      ...((base as { 'encryption-keys'?: EncryptionKey[] } | undefined)?.['encryption-keys'] ?? []),
    ],
    nowMs,
    changed: false,
    lastAddedSchemaId: undefined,
    lastAddedSpecId: undefined,
    lastAddedSortOrderId: undefined,
    mainSnapshotIds: [],
    removedSnapshots: false,
  };
}

/** In the order in which they were added. */
export const snapshotsOf = ({ snapshots, added }: MetadataDraft): Snapshot[] => [
  ...snapshots,
  ...added.values(),
];

/** Searched from the end: mostly new ones are asked for. */
export const snapshotOf = ({ snapshots, added }: MetadataDraft, id: SnapshotId): Snapshot | undefined =>
  added.get(id) ?? snapshots.findLast((snapshot) => snapshot['snapshot-id'] === id);

/**
 * Closes a draft into metadata. Unknown fields of the base are carried over, so that a newer writer's work is
 * not lost.
 * @throws PsybergError `invalid-table-update` when a created table lacks its uuid, location, schema, spec or
 * sort order.
 */
export function closeDraft(base: TableMetadata | undefined, draft: MetadataDraft): TableMetadata {
  if (draft.uuid === undefined) throw invalid('Cannot create a table without a uuid');
  if (draft.location === undefined) throw invalid('Cannot create a table without a location');
  if (!draft.schemas.some((schema) => schema['schema-id'] === draft.currentSchemaId))
    throw invalid('Cannot create a table without a current schema');
  if (!draft.specs.some((spec) => spec['spec-id'] === draft.defaultSpecId))
    throw invalid(`Cannot set default partition spec to unknown spec: ${draft.defaultSpecId}`);
  if (!draft.sortOrders.some((order) => order['order-id'] === draft.defaultSortOrderId)) {
    throw invalid(`Cannot set default sort order to unknown sort order: ${draft.defaultSortOrderId}`);
  }
  // Version 1 has no sequence numbers, and Apache Iceberg reads no file of it with some. DuckDB 1.5.5 sends
  // them all the same, so they are left out.
  const isNumbered = draft.formatVersion > 1;
  const snapshots = snapshotsOf(draft);
  const { 'current-snapshot-id': _current, 'next-row-id': _rows, ...carried } = base ?? {};
  return {
    ...carried,
    'format-version': draft.formatVersion,
    'table-uuid': draft.uuid,
    location: draft.location,
    'last-sequence-number': isNumbered ? draft.lastSequenceNumber : 0n,
    // Never earlier than the logs already say, even if this machine's clock was set back.
    'last-updated-ms': Math.max(
      draft.nowMs,
      base?.['last-updated-ms'] ?? 0,
      draft.snapshotLog.at(-1)?.['timestamp-ms'] ?? 0,
    ),
    'last-column-id': draft.lastColumnId,
    'current-schema-id': draft.currentSchemaId,
    schemas: draft.schemas,
    'default-spec-id': draft.defaultSpecId,
    'partition-specs': draft.specs,
    'last-partition-id': draft.lastPartitionId,
    'default-sort-order-id': draft.defaultSortOrderId,
    'sort-orders': draft.sortOrders,
    properties: Object.fromEntries(draft.properties),
    ...(draft.currentSnapshotId === undefined ? {} : { 'current-snapshot-id': draft.currentSnapshotId }),
    refs: Object.fromEntries(draft.refs),
    snapshots: isNumbered
      ? snapshots
      : snapshots.map(({ 'sequence-number': _number, ...snapshot }) => snapshot),
    statistics: draft.statistics,
    'partition-statistics': draft.partitionStatistics,
    'snapshot-log': draft.snapshotLog,
    'metadata-log': base?.['metadata-log'] ?? [],
    ...(draft.formatVersion >= 3 ? { 'next-row-id': draft.nextRowId } : {}),
    ...(draft.encryptionKeys.length > 0 || (base && 'encryption-keys' in base)
      ? { 'encryption-keys': draft.encryptionKeys }
      : {}),
  };
}

/** An update that the specification does not allow on this table (400). */
export const invalid = (message: string): Error => usageError('invalid-table-update', message);
