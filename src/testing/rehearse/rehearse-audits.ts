/**
 * The blocking audits of a process over plain tables: their own statements. What any of them finds is a
 * doubt.
 */

import { processValues, type QueryInput } from '../../compare/recompute/process-query.ts';
import { type AuditScope, auditKind, IN_DUCKDB } from '../../kinds/audits/index.ts';
import type { ProcessSpec, TypedValue } from '../../model/process-spec.ts';
import { scanSql } from '../../model/scan-sql.ts';
import { cteFragment, joinedFragment, type SqlFragment } from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { Doubt } from './scene.ts';

export interface StagedRows extends QueryInput {
  /** Those of the sources without what only windows bring. */
  readonly ownSources: QueryInput['sources'];
  readonly staged: SqlFragment;
  /** The target as it will be. */
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
    // What looks at the clock is left to sessions.
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
    // A value of which a rehearsal does not know.
    if (named.some((name) => !Object.hasOwn(values, name))) throw new Doubt(`the audit ${audit.name}`);
    const found = await sandbox.ask({
      sql,
      values: Object.fromEntries(named.map((name) => [name, values[name] as TypedValue])),
    });
    if (kind.judge(found.toObjects(), audit).status !== 'passed') throw new Doubt(`the audit ${audit.name}`);
  }
}
