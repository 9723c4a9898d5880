/** The audits: queries that select the bad rows of the cohort. Steps -> AuditResult[]. A blocking one that fails stops the publish. */
import type { Engine } from '../engine/index.ts';
import type { Step } from '../model/plan.ts';
import type { AuditSpec } from '../model/process-spec.ts';
import type { AuditResult } from '../model/run-record.ts';
import { bindStep } from './bind-step.ts';
import type { RunContext } from './context.ts';

/** Counts what the session read and staged; executes the step `count_sources`. */
export async function countRows(context: RunContext, step: Step): Promise<void> {
  const [row] = await context.ports.engine.query<{ rows_read: bigint; rows_staged: bigint }>(bindStep(step, {}));
  context.rowsRead = row?.rows_read ?? 0n;
  context.rowsWritten = row?.rows_staged ?? 0n;
}

/** Runs one declared audit. */
export async function runAudit(engine: Engine, audit: AuditSpec, step: Step): Promise<AuditResult> {
  const rows = await engine.query(bindStep(step, {}));
  const common = { name: audit.name, severity: audit.severity };
  if (audit.kind === 'source_to_target_count') {
    const expected = String(rows[0]?.['expected'] ?? 0n);
    const actual = String(rows[0]?.['actual'] ?? 0n);
    return { ...common, status: expected === actual ? 'passed' : 'failed', expected, actual, sample: [] };
  }
  const bad = rows.length === 0 ? '0' : String(rows[0]?.['psyberg_bad_rows']);
  return { ...common, status: rows.length === 0 ? 'passed' : 'failed', expected: '0', actual: bad, sample: rows.map(sampleRow) };
}

/** A bad row as plain JSON: 64-bit integers as text, the count left out. */
function sampleRow({ psyberg_bad_rows: _count, ...row }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]));
}
