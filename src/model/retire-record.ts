/** Defines what `psyberg retire` removes, or would remove. Plain JSON; counts as text. */
export interface RetireRecord {
  readonly process_name: string;
  readonly dry_run: boolean;
  /** The tables that it published to: they stay, but no longer tell how far it came. */
  readonly targets: readonly {
    readonly table: string;
    readonly last_session_id: string;
    /** Hours that it lacks, or has in an earlier state: ISO texts, or `FROM..TO` if they are many. */
    readonly owed_hours: readonly string[];
  }[];
  /** Rows of the process in the state tables; all of them are removed. */
  readonly state_rows: readonly { readonly table: string; readonly rows: string }[];
  /** Tables with the tag that keeps its watermark's snapshot. */
  readonly tags: readonly string[];
  /** Branches that its sessions left on its targets. */
  readonly branches: readonly { readonly table: string; readonly branch: string }[];
  /** The consequences, one sentence each. */
  readonly notes: readonly string[];
}
