/**
 * Runs the blocking audits of a process over plain tables, by their own statements. StagedRows -> nothing,
 * or `Doubt` if any of them finds something.
 */

import { processValues, type QueryInput } from '../../compare/recompute/process-query.ts';
import { type AuditScope, auditKind, IN_DUCKDB } from '../../kinds/audits/index.ts';
import type { ProcessSpec, TypedValue } from '../../model/process-spec.ts';
import { scanSql } from '../../model/scan-sql.ts';
import { cteFragment, joinedFragment, type SqlFragment } from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { Doubt } from './scene.ts';

export interface StagedRows extends QueryInput {
  /** The sources without the rows that only windows bring. */
  readonly ownSources: QueryInput['sources'];
  readonly staged: SqlFragment;
  /** The target as it is going to be. */
  readonly whole: SqlFragment;
}

export async function rehearseAudits(
  sandbox: Sandbox,
  spec: ProcessSpec,
  { sources, ownSources, hours, staged, whole }: StagedRows,
): Promise<void> {
  const ctesOf = (relations: QueryInput['sources']) =>
    relations.map(({ alias, rows }) => cteFragment(alias, rows));
  const scope: AuditScope = {
    ...IN_DUCKDB,
    sources: (more = []) => joinedFragment([...ctesOf(sources), ...more], ',\n'),
    ownSources: () => joinedFragment(ctesOf(ownSources), ',\n'),
    hasWindows: spec.sources.some(({ window }) => window !== undefined),
    aliases: spec.sources.map(({ alias }) => alias),
    staged,
    whole,
    // Audits that look at the clock are left to sessions.
    openedAtMs: undefined,
  };
  const common: Readonly<Record<string, TypedValue>> = {
    ...processValues(spec, hours),
    kept_rows: { type: 'BIGINT', value: 1 },
  };
  for (const audit of spec.audits) {
    if (audit.severity !== 'block') continue;
    const kind = auditKind(audit.kind);
    const sql = kind.compile(audit, scope);
    const values = { ...common, ...kind.values?.(audit, scope) };
    const named = [...new Set(scanSql(sql).parameters.map(({ name }) => name))];
    // It names a value that a rehearsal does not know.
    if (named.some((name) => !Object.hasOwn(values, name))) throw new Doubt(`the audit ${audit.name}`);
    const found = await sandbox.ask({
      sql,
      values: Object.fromEntries(named.map((name) => [name, values[name] as TypedValue])),
    });
    if (kind.judge(found.toObjects(), audit).status !== 'passed') throw new Doubt(`the audit ${audit.name}`);
  }
}
