/**
 * Tables at which DuckDB would end the whole process, as soon as it binds a statement that reads them, or of
 * which it would read too few rows. The statement under way + each table that DuckDB asks for -> a refusal in
 * the table's place.
 */
import type { Engine } from '../../engine/index.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import { mayHaveEqualityDeletes, refuseUnreadableView } from '../../tables/deletes/equality-keys.ts';
import { mayHaveDroppedColumns, refuseDroppedColumns } from '../../tables/views/dropped-columns.ts';

export interface UnreadableWatch {
  /** The text of the statement that is bound next. */
  begin(statement: string): void;
  /** Throws `partition-column-dropped` and `equality-deletes-unreadable`. */
  onLoad(table: TableIdentifier, metadata: TableMetadata): Promise<void>;
  /** Whether the statement may read a table, and not only change it. */
  mayRead(table: TableIdentifier): boolean;
  /** What was thrown there: of the catalog's answer DuckDB tells less. */
  refusal(): unknown;
}

/** @param reader another connection than the one that binds. */
export function watchUnreadable(reader: (table: TableIdentifier) => Promise<Engine>): UnreadableWatch {
  let current = '';
  let refused: unknown;
  return {
    begin(statement) {
      current = statement;
      refused = undefined;
    },
    async onLoad(table, metadata) {
      const snapshot = mainSnapshot(metadata);
      if (snapshot === undefined || !mayRead(current, table)) return;
      try {
        if (mayHaveDroppedColumns(metadata))
          await refuseDroppedColumns(await reader(table), { metadata, snapshot, table: tableName(table) });
        if (mayHaveEqualityDeletes(snapshot) && metadata['format-version'] > 1)
          await refuseUnreadableView(await reader(table), { metadata, snapshot, table });
      } catch (error) {
        refused = error;
        throw error;
      }
    },
    mayRead: (table) => mayRead(current, table),
    refusal: () => refused,
  };
}

const CHANGING = /^(?:alter|drop|comment|insert)\b/i;

/** An INSERT may name a table as a source, too. */
function mayRead(statement: string, { name }: TableIdentifier): boolean {
  if (!CHANGING.test(statement)) return true;
  return statement.toLowerCase().split(name.toLowerCase()).length > 2;
}
