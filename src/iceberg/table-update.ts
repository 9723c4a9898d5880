/**
 * Defines the parts of a commit: every `TableUpdate` and `TableRequirement` of the Iceberg REST specification
 * (1.11), as plain data. Field names are kept letter by letter.
 */
import type {
  PartitionField,
  Schema,
  Snapshot,
  SnapshotId,
  SnapshotReference,
  SortOrder,
} from './table-metadata.ts';

/** A partition spec as a client proposes it: ids may be missing and are then assigned here. */
export interface UnboundPartitionSpec {
  readonly 'spec-id'?: number | undefined;
  readonly fields: readonly (Omit<PartitionField, 'field-id'> & {
    readonly 'field-id'?: number | undefined;
  })[];
}
/** A schema as a client proposes it: its id is only a wish. */
export type ProposedSchema = Omit<Schema, 'schema-id'> & { readonly 'schema-id'?: number | undefined };
/** A sort order as a client proposes it: its id is only a wish. */
export type ProposedSortOrder = Omit<SortOrder, 'order-id'> & { readonly 'order-id'?: number | undefined };

/** A file of table or partition statistics; only the snapshot id matters to the catalog. */
export interface StatisticsFile {
  readonly 'snapshot-id': SnapshotId;
}
export interface EncryptionKey {
  readonly 'key-id': string;
}

export type TableUpdate =
  | { readonly action: 'assign-uuid'; readonly uuid: string }
  | { readonly action: 'upgrade-format-version'; readonly 'format-version': number }
  | {
      readonly action: 'add-schema';
      readonly schema: ProposedSchema;
      readonly 'last-column-id'?: number | undefined;
    }
  | { readonly action: 'set-current-schema'; readonly 'schema-id': number }
  | { readonly action: 'add-spec'; readonly spec: UnboundPartitionSpec }
  | { readonly action: 'set-default-spec'; readonly 'spec-id': number }
  | { readonly action: 'add-sort-order'; readonly 'sort-order': ProposedSortOrder }
  | { readonly action: 'set-default-sort-order'; readonly 'sort-order-id': number }
  | { readonly action: 'add-snapshot'; readonly snapshot: Snapshot }
  | ({ readonly action: 'set-snapshot-ref'; readonly 'ref-name': string } & SnapshotReference)
  | { readonly action: 'remove-snapshots'; readonly 'snapshot-ids': readonly SnapshotId[] }
  | { readonly action: 'remove-snapshot-ref'; readonly 'ref-name': string }
  | { readonly action: 'set-location'; readonly location: string }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] }
  | {
      readonly action: 'set-statistics';
      readonly 'snapshot-id'?: SnapshotId | undefined;
      readonly statistics: StatisticsFile;
    }
  | { readonly action: 'remove-statistics'; readonly 'snapshot-id': SnapshotId }
  | { readonly action: 'set-partition-statistics'; readonly 'partition-statistics': StatisticsFile }
  | { readonly action: 'remove-partition-statistics'; readonly 'snapshot-id': SnapshotId }
  | { readonly action: 'remove-partition-specs'; readonly 'spec-ids': readonly number[] }
  | { readonly action: 'remove-schemas'; readonly 'schema-ids': readonly number[] }
  | { readonly action: 'add-encryption-key'; readonly 'encryption-key': EncryptionKey }
  | { readonly action: 'remove-encryption-key'; readonly 'key-id': string };

export type TableRequirement =
  | { readonly type: 'assert-create' }
  | { readonly type: 'assert-table-uuid'; readonly uuid: string }
  | {
      readonly type: 'assert-ref-snapshot-id';
      readonly ref: string;
      readonly 'snapshot-id': SnapshotId | null;
    }
  | { readonly type: 'assert-last-assigned-field-id'; readonly 'last-assigned-field-id': number }
  | { readonly type: 'assert-current-schema-id'; readonly 'current-schema-id': number }
  | { readonly type: 'assert-last-assigned-partition-id'; readonly 'last-assigned-partition-id': number }
  | { readonly type: 'assert-default-spec-id'; readonly 'default-spec-id': number }
  | { readonly type: 'assert-default-sort-order-id'; readonly 'default-sort-order-id': number };
