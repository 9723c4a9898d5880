/** What `relocate` did, or would do. Plain data; made by `src/maintain/relocate`. */
export interface RelocatedTable {
  readonly table: string;
  readonly kind: 'table' | 'view';
  readonly snapshots: number;
  /** Files that were written anew, or would be. */
  readonly manifest_lists: number;
  readonly manifests: number;
  readonly delete_files: number;
  /** Files that the table names and that are nowhere: it missed them before. */
  readonly missing: readonly string[];
}

/** Data files that a copy took along as they are. */
export interface CopiedFiles {
  copied: number;
  /** From a copying that was stopped; held against the original. */
  already_there: number;
  /** Of both. */
  bytes: string;
}

export interface RelocateReport {
  /** Absolute folders; both null when every table lies where the warehouse is. */
  readonly from: string | null;
  readonly to: string | null;
  /** True when the old folder still holds the tables. */
  readonly copied: boolean;
  readonly dry_run: boolean;
  readonly warehouse: string;
  readonly tables: readonly RelocatedTable[];
  /** Namespaces whose location was put right. */
  readonly namespaces: readonly string[];
  /** Tables that a copy would share with the original, taken out of this catalog. */
  readonly forgotten: readonly string[];
  /** Only of a copy that `--to` made. */
  readonly files?: Readonly<CopiedFiles>;
}
