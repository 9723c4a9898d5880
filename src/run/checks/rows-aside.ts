/**
 * Shows rows of files that do not fit their columns, of a source that keeps them, as an audit that warns, and
 * keeps them in the table of audit failures. Audited -> Audited.
 */
import { rowsAside } from '../../landing/quarantine.ts';
import type { Audited } from '../session.ts';
import { keepFailures } from './audit-failures.ts';

/** Rows in the run's record. */
const SAMPLE_ROWS = 10;

export async function withRowsAside(audited: Audited): Promise<Audited> {
  let result = audited;
  // They were kept by the session that loaded the files.
  if (audited.plan.trigger === 'restate' && audited.plan.range !== null) return audited;
  for (const { alias, read } of audited.plan.sources) {
    const files = audited.spec.sources.find((each) => each.alias === alias)?.files;
    if (read.kind !== 'files' || files?.onBadRows !== 'quarantine') continue;
    result = await withRowsOf(result, alias, read.relation);
  }
  return result;
}

async function withRowsOf(audited: Audited, alias: string, relation: string): Promise<Audited> {
  const { engine, project } = audited.ports;
  const limit = Math.max(SAMPLE_ROWS, project.auditFailureRows);
  const found = await rowsAside(engine, relation, limit);
  const rows = found.map(({ file, line, text, reason }) => ({
    file,
    line: line === null ? null : Number(line),
    text,
    reason,
  }));
  const { result, failures } = keepFailures(
    audited,
    {
      name: `bad_rows_${alias}`,
      severity: 'warn',
      status: found.length === 0 ? 'passed' : 'failed',
      expected: '0',
      actual: String(found[0]?.found ?? 0n),
      sample: rows.slice(0, SAMPLE_ROWS),
      kept: null,
    },
    rows,
  );
  return {
    ...audited,
    audits: [...audited.audits.filter(({ name }) => name !== result.name), result],
    failures: [...audited.failures.filter((row) => row['audit_name'] !== result.name), ...failures],
  };
}
