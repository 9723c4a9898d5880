/** Reads of metadata and of data files that name what could not be read. A read -> its rows, or a refusal. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import { renderStatement } from '../../statements/index.ts';
import type { Source } from '../source.ts';

/**
 * Runs a read of a source. A failure names the table, the snapshot and the file that could not be read, and moves
 * nothing. `files`: the Avro files that are read; of several, DuckDB often names none.
 * @throws PsybergError `source-unreadable`.
 */
export async function reading<T>(
  source: Pick<Source, 'engine' | 'spec'>,
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
    throw sourceUnreadable(source, { snapshot, file, error: error as Error });
  }
}

/** The refusal of a file that is missing or damaged. */
export function sourceUnreadable(
  { spec }: Pick<Source, 'spec'>,
  found: {
    readonly snapshot: Snapshot | undefined;
    readonly file: string | undefined;
    readonly error: Error;
  },
): PsybergError {
  const { snapshot, file, error } = found;
  const name = tableName(spec.table);
  const what = file === undefined ? 'the metadata' : `the file ${file}`;
  const at = snapshot === undefined ? '' : ` (snapshot ${snapshot['snapshot-id']})`;
  return refusal(
    'source-unreadable',
    `${what} of source ${name}${at} cannot be read: ${error.message.split('\n')[0]}`,
    {
      hint: 'restore the missing or damaged file, or roll the source back to a snapshot that is whole; nothing was moved',
      context: {
        table: name,
        snapshot_id: snapshot === undefined ? null : String(snapshot['snapshot-id']),
        file: file ?? null,
      },
      cause: error,
    },
  );
}

async function firstUnreadable(engine: Engine, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await engine.query({ sql: renderStatement('session/open_avro'), parameters: { file } });
    } catch {
      return file;
    }
  }
  return undefined;
}

/** The path of a data or metadata file in one of DuckDB's messages. */
export const fileInMessage = (message: string): string | undefined =>
  /["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin|orc))["'`]/i.exec(message)?.[1];
