/**
 * How a table's data files are laid out: what a statement that writes them has to know. Plain data; made by
 * `iceberg/file-layout.ts`.
 */

/** An Iceberg type as metadata writes it, with the field ids of its parts. */
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
  /** Buckets, or the width of a truncation; only for these two. */
  readonly argument?: number;
  readonly column: LayoutColumn & { readonly type: string };
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
  /** Where data files go, without a slash at its end. */
  readonly dataFolder: string;
  readonly specId: number;
  readonly columns: readonly LayoutColumn[];
  readonly partition: readonly LayoutPartition[];
  /** Absent where files are in no order. */
  readonly order?: LayoutOrder;
  readonly compression: 'zstd' | 'snappy' | 'gzip' | 'lz4_raw' | 'uncompressed';
}
