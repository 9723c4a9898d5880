/**
 * Defines how a table's data files are laid out: what a statement must know to write them. Plain data; made
 * by `iceberg/file-layout.ts`.
 */

/** An Iceberg type as metadata write it, with the field ids of its parts. */
export type LayoutType =
  | string
  | { readonly type: 'struct'; readonly fields: readonly LayoutColumn[] }
  | { readonly type: 'list'; readonly 'element-id': number; readonly element: LayoutType }
  | {
      readonly type: 'map';
      readonly 'key-id': number;
      readonly key: LayoutType;
      readonly 'value-id': number;
      readonly value: LayoutType;
    };
export interface LayoutColumn {
  readonly id: number;
  readonly name: string;
  /** Iceberg type. */
  readonly type: LayoutType;
}
export interface LayoutPartition {
  readonly fieldId: number;
  readonly name: string;
  /** `void`: every value is null, whatever the column holds. */
  readonly transform: 'identity' | 'hour' | 'day' | 'month' | 'year' | 'bucket' | 'truncate' | 'void';
  /** Number of buckets, or width of a truncation; only for these two. */
  readonly argument?: number;
  readonly column: LayoutColumn & { readonly type: string };
}
/** The sort order in which data files are written, and which they name. */
export interface LayoutOrder {
  readonly id: number;
  readonly fields: readonly {
    readonly column: string;
    readonly descending: boolean;
    readonly nullsLast: boolean;
  }[];
}
export interface FileLayout {
  readonly location: string;
  /** The folder for data files, without a trailing slash. */
  readonly dataFolder: string;
  readonly specId: number;
  readonly columns: readonly LayoutColumn[];
  readonly partition: readonly LayoutPartition[];
  /** Absent if files are not sorted. */
  readonly order?: LayoutOrder;
  readonly compression: 'zstd' | 'snappy' | 'gzip' | 'lz4_raw' | 'uncompressed';
}
