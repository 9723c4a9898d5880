/** Names the temporary tables in DuckDB's memory in which maintenance notes what it found. */
import type { Engine } from '../engine/index.ts';
import { identifierFragment, statement } from '../statements/index.ts';

type WorkTable =
  | 'maintain_deletes'
  | 'maintain_files'
  | 'maintain_found'
  | 'maintain_groups'
  | 'maintain_reached'
  | 'maintain_sorted';

/** Drops those that exist. Never fails: an earlier error is the one to report. */
export async function dropWorkTables(engine: Engine, ...tables: readonly WorkTable[]): Promise<void> {
  for (const table of tables)
    await engine
      .execute(statement('maintain/drop_work_table', { table: identifierFragment(table) }))
      .catch(() => undefined);
}
