/**
 * Keeps rows that failed an audit in a table of their own, written even if nothing else is published.
 * AuditResult + rows -> state rows. Pure.
 */

import { tableName } from '../../model/names.ts';
import type { AuditResult } from '../../model/run-record.ts';
import type { StateRow } from '../../state/tables/state-table.ts';
import { quoteLiteral } from '../../statements/index.ts';
import type { Begun } from '../session.ts';

/**
 * The rows to keep of an audit that failed, and its result with where they will be. A count that does not
 * agree is one row with both counts.
 */
export function keepFailures(
  session: Begun,
  audit: AuditResult,
  rows: readonly Readonly<Record<string, unknown>>[],
): { readonly result: AuditResult; readonly failures: readonly StateRow[] } {
  if (audit.status === 'passed') return { result: audit, failures: [] };
  const { plan, ports } = session;
  const found = rows.length === 0 ? [{ expected: audit.expected, actual: audit.actual }] : rows;
  const kept = found.slice(0, ports.project.auditFailureRows);
  const createdAt = new Date().toISOString();
  const failures = kept.map(
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
  );
  const result = kept.length === 0 ? audit : { ...audit, kept: placeOf(session, audit, kept.length) };
  return { result, failures };
}

function placeOf({ plan, ports }: Begun, { name }: AuditResult, rows: number): AuditResult['kept'] {
  const table = tableName(ports.project.tables.auditFailureTable);
  const query = `select failing_row from ${table} where process_name = ${quoteLiteral(plan.process_name)} and psyberg_session_id = ${quoteLiteral(plan.psyberg_session_id)} and audit_name = ${quoteLiteral(name)}`;
  return { table, rows: String(rows), query };
}
