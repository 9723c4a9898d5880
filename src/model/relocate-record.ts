/** Defines what `relocate` did, or would do. Plain data; made by `src/maintain/relocate`. */
export interface RelocatedTable {
  readonly table: string;
  readonly kind: 'table' | 'view';
  readonly snapshots: number;
  /** Files that were rewritten, or would be. */
  readonly manifest_lists: number;
  readonly manifests: number;
  readonly delete_files: number;
  /** Files that the table names and that do not exist anywhere: they were missing before. */
  readonly missing: readonly string[];
}

/** Data files that a copy takes over unchanged. */
export interface CopiedFiles {
  copied: number;
  /** Left by a copying that was stopped; compared with the original. */
  already_there: number;
  /** Of both kinds. */
  bytes: string;
}

export interface RelocateReport {
  /** Absolute folders; both null if every table is where the warehouse is. */
  readonly from: string | null;
  readonly to: string | null;
  /** True if the old folder still contains the tables. */
  readonly copied: boolean;
  readonly dry_run: boolean;
  readonly warehouse: string;
  readonly tables: readonly RelocatedTable[];
  /** Namespaces whose location was corrected. */
  readonly namespaces: readonly string[];
  /** Tables that a copy would share with the original, removed from this catalog. */
  readonly forgotten: readonly string[];
  /** Only for a copy made by `--to`. */
  readonly files?: Readonly<CopiedFiles>;
}
