/** `sql`: a query of the project's own that selects the bad rows. */
import * as z from 'zod';
import type { AuditSpec, ParameterUse, TypedValue } from '../../model/process-spec.ts';
import {
  quoteIdentifier,
  renderStatement,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import { filled } from '../shapes.ts';
import type { AuditKind, QueryFile } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface SqlAudit extends AuditSpec {
  readonly file: string;
  /** The query with the header's identifiers in place of `{{name}}`. */
  readonly sql: string;
  readonly parameters: readonly ParameterUse[];
  readonly values?: Readonly<Record<string, TypedValue>>;
}

export const sqlAudit: AuditKind<SqlAudit, string> = selectsBadRows({
  argument: filled,
  beside: { parameters: z.record(z.string(), z.unknown()).optional() },
  example: '- sql: audits/<file>.sql',
  meaning:
    'A file with a query that selects bad rows; relative to the project. `audits/<name>.sql` may be used by its name as well: `- <name>: { <parameter>: <value> }`.',
  keys: {},
  read: (path, { queryOf }) => {
    const file = queryOf(path);
    return file === undefined ? undefined : auditOf(file);
  },
  badRows: (audit, { sources, cte, staged, whole }) => {
    const rowsOf = (source: typeof staged): string =>
      renderStatement('compile/source_changes', { columns: statementFragment('*'), source });
    return renderStatement('audit/project_query', {
      sources: sources([cte('staged', rowsOf(staged)), cte('target', rowsOf(whole))]),
      query: userQueryFragment(audit.sql),
    });
  },
  values: ({ values = {} }) => values,
  readsTarget: (audit) => /\btarget\b/i.test(audit.sql),
});

/** The file with its names quoted and put in; a list of them is separated by commas. */
function auditOf({ file, name, sql, place, ...uses }: QueryFile) {
  const { parameters, placeholders, identifiers, values } = uses;
  let written = '';
  let at = 0;
  for (const { name: placeholder, offset } of placeholders) {
    const names = identifiers[placeholder] ?? [];
    written += `${sql.slice(at, offset)}${names.map(quoteIdentifier).join(', ')}`;
    at = offset + `{{${placeholder}}}`.length;
  }
  return {
    file,
    name,
    place,
    parameters,
    sql: written + sql.slice(at),
    ...(placeholders.length === 0 ? {} : { template: sql }),
    ...(Object.keys(values).length === 0 ? {} : { values }),
  };
}
