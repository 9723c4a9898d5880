/** Reads of metadata and of data files that name what could not be read. A read -> its rows, or a refusal. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import { sourceUnreadable } from '../../model/source-unreadable.ts';
import { statement } from '../../statements/index.ts';
import type { TableWithManifests } from './table-with-manifests.ts';

/**
 * Runs a read of a source. A failure names the table, the snapshot and the file that could not be read, and
 * moves nothing. `files`: the Avro files that are read; of several, DuckDB often names none.
 * @throws PsybergError `source-unreadable`.
 */
export async function reading<T>(
  source: Pick<TableWithManifests, 'engine' | 'spec'>,
  snapshot: Snapshot | undefined,
  read: () => Promise<T>,
  files: readonly string[] = [],
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PsybergError && error.code !== 'sql-failed') throw error;
    const { message } = error as Error;
    const file = fileInMessage(message) ?? (await firstUnreadable(source.engine, files));
    throw sourceUnreadable({
      table: tableName(source.spec.table),
      snapshotId: snapshot === undefined ? undefined : String(snapshot['snapshot-id']),
      file,
      cause: error,
    });
  }
}

async function firstUnreadable(engine: Engine, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await engine.query(statement('tables/open_avro'), { file });
    } catch {
      return file;
    }
  }
  return undefined;
}

/** The path of a data or metadata file in one of DuckDB's messages. */
export const fileInMessage = (message: string): string | undefined =>
  /["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin|orc))["'`]/i.exec(message)?.[1];
