/** `sql`: a query of the project's own that selects the bad rows. */
import type { AuditSpec, ParameterUse } from '../../model/process-spec.ts';
import {
  cteFragment,
  renderStatement,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import { filled } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface SqlAudit extends AuditSpec {
  readonly file: string;
  readonly sql: string;
  readonly parameters: readonly ParameterUse[];
}

export const sqlAudit: AuditKind<SqlAudit, string> = selectsBadRows({
  argument: filled,
  example: '- sql: audits/<file>.sql',
  meaning: 'A file with a query that selects bad rows; relative to the project.',
  keys: {},
  read: (path, { queryOf }) => queryOf(path),
  badRows: (audit, { sources, staged, whole }) => {
    const rowsOf = (source: typeof staged): string =>
      renderStatement('compile/source_changes', { columns: statementFragment('*'), source });
    return renderStatement('audit/project_query', {
      sources: sources([cteFragment('staged', rowsOf(staged)), cteFragment('target', rowsOf(whole))]),
      query: userQueryFragment(audit.sql),
    });
  },
  readsTarget: (audit) => /\btarget\b/i.test(audit.sql),
});
