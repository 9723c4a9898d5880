/** Audits that select bad rows: without one they pass. */
import type { AuditSpec } from '../../model/process-spec.ts';
import { renderStatement, statementFragment } from '../../statements/index.ts';
import type { AuditKind, AuditRow, AuditScope, Verdict } from './audit-kind.ts';

interface BadRowsKind<Spec extends AuditSpec, Argument>
  extends Omit<AuditKind<Spec, Argument>, 'compile' | 'judge'> {
  /** The query that selects them. */
  badRows(audit: Spec, scope: AuditScope): string;
}

export const selectsBadRows = <Spec extends AuditSpec, Argument>(
  kind: BadRowsKind<Spec, Argument>,
): AuditKind<Spec, Argument> => ({
  ...kind,
  compile: (audit, scope) =>
    renderStatement('audit/verdict', { audit: statementFragment(kind.badRows(audit, scope)) }),
  judge: judgeBadRows,
});

/** Each row carries how many there are in all: only some of them are fetched. */
function judgeBadRows(rows: readonly AuditRow[]): Verdict {
  const [first] = rows;
  return {
    status: first === undefined ? 'passed' : 'failed',
    expected: '0',
    actual: first === undefined ? '0' : String(first['psyberg_bad_rows']),
    badRows: rows.map(plainRow),
  };
}

/** A bad row as plain JSON: 64-bit integers as text, at any depth; the count left out. */
function plainRow({ psyberg_bad_rows: _count, ...row }: AuditRow): AuditRow {
  return JSON.parse(
    JSON.stringify(row, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ) as AuditRow;
}
