/** The SQL of a command: given in quotes, in a file, or on stdin. Arguments -> text. */
import { readFileSync } from 'node:fs';
import { usageError } from '../model/errors.ts';
import { decoded } from '../project/file-text.ts';

/** Throws `usage` when there is none, or two; `file-not-readable`. */
export function queryText(query: string | undefined, file: string | undefined): string {
  if ((query === undefined) === (file === undefined))
    throw usageError(
      'usage',
      query === undefined ? 'a statement is missing' : 'a statement and a file were given',
      {
        hint: 'psyberg sql "select 1", or psyberg sql --file FILE',
      },
    );
  if (query !== undefined && query !== '-') return query;
  const { text, wrong } = decoded(bytesOf(file));
  if (wrong === undefined) return text;
  const { place, message, hint } = wrong;
  throw usageError('file-not-readable', `${file ?? 'stdin'}:${place.line}:${place.column} ${message}`, {
    hint,
    context: { file },
  });
}

function bytesOf(file: string | undefined): Buffer {
  try {
    return readFileSync(file ?? 0);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw usageError(
      'file-not-readable',
      `${file ?? 'stdin'} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`,
      {
        hint: 'name a file with SQL statements, relative to the current folder',
        context: { file },
        cause: error,
      },
    );
  }
}
