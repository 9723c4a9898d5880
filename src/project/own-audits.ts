/**
 * Finds the audits that a project defines itself: `audits/NAME.sql` is the audit NAME. Folder -> files by
 * name.
 */
import path from 'node:path';
import { isAuditName } from '../kinds/audits/index.ts';
import { NAME_PATTERN } from '../model/names.ts';
import { textOfFile } from './file-text.ts';
import { sqlFilesIn } from './sql-files.ts';

/** Name -> path relative to the project. */
export type OwnAudits = ReadonlyMap<string, string>;

export const NO_OWN_AUDITS: OwnAudits = new Map();

const AUDITS_FOLDER = 'audits';

/** All files of the folder, relative to the project, whatever their names. */
export const auditFilesOf = (root: string): string[] =>
  (sqlFilesIn(path.join(root, AUDITS_FOLDER)) ?? []).map((file) => `${AUDITS_FOLDER}/${file}`);

/** Keys that may stand beside an audit's name. */
const BESIDE = new Set(['severity', 'name', 'parameters']);

/**
 * A file with the name of a built-in audit replaces it only if it declares parameters; otherwise it may be
 * there just for `sql:`.
 */
export function ownAuditsOf(root: string): OwnAudits {
  const folder = path.join(root, AUDITS_FOLDER);
  const names = (sqlFilesIn(folder) ?? [])
    .map((file) => path.basename(file, '.sql'))
    .filter((name) => NAME_PATTERN.test(name) && !BESIDE.has(name))
    .filter(
      (name) => !isAuditName(name) || /^--[ \t]*@param\b/m.test(textOfFile(path.join(folder, `${name}.sql`))),
    );
  return new Map(names.map((name) => [name, `${AUDITS_FOLDER}/${name}.sql`]));
}
