/** The blocking audits of a process over plain tables. Any row that they find is a doubt. */
import type { BoundValue } from '../../engine/index.ts';
import type { AuditSpec, ProcessSpec } from '../../model/process-spec.ts';
import {
  anyIsNullFragment,
  cteFragment,
  identifierFragment,
  identifierListFragment,
  joinedFragment,
  noneIsNullFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
  withinKeysFragment,
} from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { Doubt } from './scene.ts';

export interface StagedRows {
  /** Each alias, and the query of the rows that the session read. */
  readonly sources: readonly { readonly alias: string; readonly rows: string }[];
  readonly staged: SqlFragment;
  /** The target as it will be. */
  readonly whole: SqlFragment;
  readonly parameters: Readonly<Record<string, BoundValue>>;
}

export async function rehearseAudits(sandbox: Sandbox, spec: ProcessSpec, staged: StagedRows): Promise<void> {
  for (const audit of spec.audits) {
    if (audit.severity !== 'block') continue;
    const { rows } = await sandbox.query(auditSql(spec, audit, staged), parametersOf(audit, staged));
    if (rows[0]?.[0] !== false) throw new Doubt(`the audit ${audit.name}`);
  }
}

function parametersOf(audit: AuditSpec, { parameters }: StagedRows): Readonly<Record<string, BoundValue>> {
  if (audit.kind !== 'sql') return {};
  const names = new Set(audit.parameters.map(({ name }) => name as string));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.has(name)));
}

function auditSql(spec: ProcessSpec, audit: AuditSpec, { sources, staged, whole }: StagedRows): string {
  const ctes = sources.map(({ alias, rows }) => cteFragment(alias, rows));
  const named = joinedFragment(ctes, ',\n');
  const found = (query: string): string =>
    renderStatement('test/bad_rows', { audit: statementFragment(query) });
  if (audit.kind === 'source_to_target_count')
    return renderStatement('test/count_differs', {
      audit: statementFragment(
        renderStatement('audit/source_to_target_count', {
          sources: named,
          source: identifierFragment(audit.source ?? (spec.sources[0]?.alias as string)),
          staged,
        }),
      ),
    });
  if (audit.kind === 'no_missing_events')
    return found(
      renderStatement('audit/no_missing_events', {
        sources: named,
        source: identifierFragment(audit.source),
        key: identifierFragment(audit.key),
        target_key: identifierFragment(audit.targetKey ?? audit.key),
        staged,
      }),
    );
  if (audit.kind === 'not_null')
    return found(
      renderStatement('audit/not_null', { staged, any_is_null: anyIsNullFragment(audit.columns) }),
    );
  if (audit.kind === 'unique') {
    const keys = {
      staged,
      columns: identifierListFragment(audit.columns),
      none_is_null: noneIsNullFragment(audit.columns),
    };
    return found(
      audit.over === 'staged'
        ? renderStatement('audit/unique', keys)
        : renderStatement('audit/unique_over_target', {
            ...keys,
            target: whole,
            within_keys: withinKeysFragment('staged_keys', audit.columns),
          }),
    );
  }
  const rowsOf = (table: SqlFragment): string => renderStatement('test/all_rows', { table });
  return found(
    renderStatement('audit/project_query', {
      sources: joinedFragment(
        [...ctes, cteFragment('staged', rowsOf(staged)), cteFragment('target', rowsOf(whole))],
        ',\n',
      ),
      query: userQueryFragment(audit.sql),
    }),
  );
}
