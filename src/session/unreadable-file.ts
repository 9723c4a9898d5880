/**
 * Which file a failed read of metadata was about. DuckDB's message, and the files that were read -> a path.
 */
import type { Engine } from '../engine/index.ts';

/**
 * The file that the message names; else the first that cannot be opened on its own: of several Avro files
 * DuckDB often names none.
 */
export async function unreadableFile(
  engine: Engine,
  files: readonly string[],
  message: string,
): Promise<string | undefined> {
  const named = fileInMessage(message);
  if (named !== undefined) return named;
  for (const file of files) {
    try {
      await engine.query({ sql: 'select count(*) from read_avro($file)', parameters: { file } });
    } catch {
      return file;
    }
  }
  return undefined;
}

/** The path of a data or metadata file in one of DuckDB's messages. */
export const fileInMessage = (message: string): string | undefined =>
  /["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin|orc))["'`]/i.exec(message)?.[1];
