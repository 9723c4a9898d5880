/**
 * Reads metadata and data files such that an error names the file that could not be read. A read -> its rows,
 * or an error.
 */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import { sourceUnreadable } from '../../model/source-unreadable.ts';
import { statement } from '../../statements/index.ts';
import type { TableWithManifests } from './table-with-manifests.ts';

/**
 * Runs a read of a source. An error names the table, the snapshot and the file that could not be read;
 * nothing is changed. `files`: the Avro files that are read, since DuckDB often does not say which one
 * failed.
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
const fileInMessage = (message: string): string | undefined =>
  /["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin|orc))["'`]/i.exec(message)?.[1];
