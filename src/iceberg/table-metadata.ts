/**
 * Defines Iceberg table metadata as the specification writes it ("Table Metadata Fields"), parsed by
 * `json.ts`. Field names are kept letter by letter, so that a value can be read with the specification beside
 * it.
 */

/** A snapshot id: any 64-bit integer. Never a `number`: half of them exceed 2^53. */
export type SnapshotId = bigint;

export interface NestedField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string;
  readonly 'initial-default'?: unknown;
  readonly 'write-default'?: unknown;
}
export type IcebergType =
  | string
  | { readonly type: 'struct'; readonly fields: readonly NestedField[] }
  | {
      readonly type: 'list';
      readonly 'element-id': number;
      readonly element: IcebergType;
      readonly 'element-required': boolean;
    }
  | {
      readonly type: 'map';
      readonly 'key-id': number;
      readonly key: IcebergType;
      readonly 'value-id': number;
      readonly value: IcebergType;
      readonly 'value-required': boolean;
    };
export interface Schema {
  readonly type: 'struct';
  readonly 'schema-id': number;
  readonly fields: readonly NestedField[];
  readonly 'identifier-field-ids'?: readonly number[];
}
export interface PartitionField {
  readonly 'source-id': number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: string;
}
export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}
export interface SortOrder {
  readonly 'order-id': number;
  readonly fields: readonly {
    readonly transform: string;
    readonly 'source-id': number;
    readonly direction: string;
    readonly 'null-order': string;
  }[];
}
export interface Snapshot {
  readonly 'snapshot-id': SnapshotId;
  readonly 'parent-snapshot-id'?: SnapshotId;
  readonly 'sequence-number'?: bigint;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  readonly summary?: Readonly<Record<string, string>>;
  readonly 'schema-id'?: number;
  readonly 'first-row-id'?: bigint;
  readonly 'added-rows'?: bigint;
}
export interface SnapshotReference {
  readonly 'snapshot-id': SnapshotId;
  readonly type: 'branch' | 'tag';
  readonly 'min-snapshots-to-keep'?: number;
  readonly 'max-snapshot-age-ms'?: number;
  readonly 'max-ref-age-ms'?: number;
}
export interface TableMetadata {
  readonly 'format-version': number;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': bigint;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly schemas: readonly Schema[];
  readonly 'current-schema-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'default-spec-id': number;
  readonly 'last-partition-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly 'default-sort-order-id': number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly 'current-snapshot-id'?: SnapshotId | null;
  readonly snapshots?: readonly Snapshot[];
  readonly refs?: Readonly<Record<string, SnapshotReference>>;
  readonly 'snapshot-log'?: readonly {
    readonly 'snapshot-id': SnapshotId;
    readonly 'timestamp-ms': number;
  }[];
  readonly 'metadata-log'?: readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': number }[];
  readonly 'next-row-id'?: bigint;
  readonly statistics?: readonly unknown[];
  readonly 'partition-statistics'?: readonly unknown[];
}

export type { TableIdentifier } from '../model/names.ts';
