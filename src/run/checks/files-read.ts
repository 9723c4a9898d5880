/**
 * Checks that a session read the rows that its plan counted in the files of a folder. Counts -> nothing, or a
 * refusal that names a file.
 */
import { refusal } from '../../model/errors.ts';
import type { PlanSource } from '../../model/plan.ts';
import type { Opened } from '../session.ts';
import type { FileRead } from './rows-read.ts';

/** Throws `rows-not-read`. */
export function checkFilesRead({ plan }: Opened, source: PlanSource, found: readonly FileRead[]): void {
  if (source.read.kind !== 'files') return;
  const rows = new Map(found.map((file) => [file.path, file.rows]));
  const wrong = source.read.files.find((file) => (rows.get(file.path) ?? 0n) !== BigInt(file.rows));
  if (wrong === undefined) return;
  throw refusal(
    'rows-not-read',
    `${plan.process_name} read ${rows.get(wrong.path) ?? 0n} rows of the file ${wrong.path} of ${source.table}, and its plan counted ${wrong.rows}; nothing was published`,
    {
      hint: 'run again: the next session reads the files anew',
      context: {
        process_name: plan.process_name,
        files: source.table,
        file: wrong.path,
        expected: wrong.rows,
        found: String(rows.get(wrong.path) ?? 0n),
      },
    },
  );
}
