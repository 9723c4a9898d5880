/**
 * Rows that failed an audit, kept in a table of their own: written also where nothing else is published.
 * AuditResult + rows -> state rows. Pure.
 */
import type { AuditResult } from '../model/run-record.ts';
import type { StateRow } from '../state/write-state.ts';
import type { RunContext } from './context.ts';

/** Notes the rows of an audit that failed; a count that does not agree is one row with both counts. */
export function keepFailures(
  context: RunContext,
  audit: AuditResult,
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  if (audit.status === 'passed') return;
  const { plan } = context;
  const kept = rows.length === 0 ? [{ expected: audit.expected, actual: audit.actual }] : rows;
  const createdAt = new Date().toISOString();
  context.auditFailures.push(
    ...kept.slice(0, context.ports.project.auditFailureRows).map(
      (row): StateRow => ({
        process_name: plan.process_name,
        psyberg_session_id: plan.psyberg_session_id,
        audit_name: audit.name,
        severity: audit.severity,
        target_table: plan.target.table,
        failing_rows: rows.length === 0 ? null : audit.actual,
        failing_row: JSON.stringify(row),
        created_at: createdAt,
      }),
    ),
  );
}

/** Forgets what an audit found: it runs again. */
export function dropFailures(context: RunContext, auditName: string): void {
  context.auditFailures = context.auditFailures.filter((row) => row['audit_name'] !== auditName);
}
