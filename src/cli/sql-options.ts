/** The options of `psyberg sql` that say what becomes of results. Options -> request. Pure. */
import path from 'node:path';
import { usageError } from '../model/errors.ts';
import type { TextFormat } from '../report/results/formats.ts';
import { rowLimit } from './row-limit.ts';

export interface SqlOptions {
  readonly branch?: string;
  readonly file?: string;
  readonly limit?: string;
  readonly format?: string;
  readonly output?: string;
}

export type ResultFormat = TextFormat | 'parquet';

export interface ResultRequest {
  /** Undefined: as `--json` says, else `box`. */
  readonly format: ResultFormat | undefined;
  readonly limit: number | undefined;
  readonly output: string | undefined;
}

export const RESULT_FORMATS: readonly ResultFormat[] = ['box', 'csv', 'json', 'jsonl', 'markdown', 'parquet'];

const BY_EXTENSION: Readonly<Record<string, ResultFormat>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.md': 'markdown',
  '.parquet': 'parquet',
};

/** A file without `--format` has the format of its extension. Throws `usage`, `limit-invalid`. */
export function resultRequest(options: SqlOptions, isJson: boolean): ResultRequest {
  const { output } = options;
  const given = options.format === undefined ? undefined : resultFormat(options.format);
  const format =
    given ?? (output === undefined ? undefined : BY_EXTENSION[path.extname(output).toLowerCase()]);
  if (format === 'parquet' && output === undefined)
    throw usageError('usage', '--format parquet needs a file to write to', {
      hint: 'psyberg sql "select …" --format parquet --output FILE',
    });
  if (isJson && given !== undefined && output === undefined)
    throw usageError('usage', `--json and --format ${given} both say what stdout holds`, {
      hint: 'leave one of them out, or name a file with --output',
    });
  return { format, output, limit: options.limit === undefined ? undefined : rowLimit(options.limit) };
}

/** Throws `usage` for a name that is none. */
export function resultFormat(name: string): ResultFormat {
  const format = RESULT_FORMATS.find((each) => each === name);
  if (format === undefined)
    throw usageError('usage', `there is no format '${name}'`, {
      hint: `one of ${RESULT_FORMATS.join(', ')}`,
      context: { found: name },
    });
  return format;
}
