/**
 * How a table's data files are laid out: what a statement that writes them has to know. Plain data; made by
 * `iceberg/file-layout.ts`.
 */

export interface LayoutColumn {
  readonly id: number;
  readonly name: string;
  /** Iceberg type. */
  readonly type: string;
}
export interface LayoutPartition {
  readonly fieldId: number;
  readonly name: string;
  readonly transform: 'identity' | 'hour' | 'day' | 'month' | 'year' | 'bucket' | 'truncate';
  /** Buckets, or the width of a truncation; only for these two. */
  readonly argument?: number;
  readonly column: LayoutColumn;
}
/** The sort order that data files are written in, and name. */
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
  readonly specId: number;
  readonly columns: readonly LayoutColumn[];
  readonly partition: readonly LayoutPartition[];
  /** Absent where files are in no order. */
  readonly order?: LayoutOrder;
  readonly compression: 'zstd' | 'snappy' | 'gzip' | 'lz4_raw' | 'uncompressed';
}
