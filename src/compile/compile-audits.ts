/**
 * Audits as statements over the cohort of a session: its source rows and the rows it staged. Plan + spec ->
 * steps. Pure.
 */
import { assertNever } from '../model/errors.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { AuditSpec, ProcessSpec, UniqueAudit } from '../model/process-spec.ts';
import {
  type SqlFragment,
  anyIsNullFragment,
  cteFragment,
  identifierFragment,
  identifierListFragment,
  joinedFragment,
  literalFragment,
  noneIsNullFragment,
  renderStatement,
  statementFragment,
  userQueryFragment,
  withinKeysFragment,
} from '../statements/index.ts';
import {
  type HourWindow,
  namedIn,
  processParameters,
  sourceCtes,
  sourceFileCtes,
  stagedTable,
  wholeTable,
} from './source-ctes.ts';

/** One step for each declared audit, after the step that counts what was read and staged. */
export function compileAudits(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): Step[] {
  const sources = sourceCtes(plan, { ...spec, pattern: 'stateful' }, window);
  const files = sourceFileCtes(plan, window);
  const count = renderStatement('audit/count_sources', {
    sources: files.fragment,
    rows_read: rowsRead(plan),
    staged: stagedTable(spec),
    rows_outside: rowsOutside(spec, window),
  });
  return [
    {
      kind: 'count-sources',
      stage: 'audit',
      name: 'count_sources',
      sql: count,
      parameters: namedIn(count, { ...processParameters(plan, window), ...files.parameters }),
    },
    ...spec.audits.map((audit): Step => {
      // To count again took 8 ms of a session of 1,000,000 rows (2026-11-22).
      if (isCounted(audit, spec))
        return {
          kind: 'audit',
          stage: 'audit',
          name: audit.name,
          audit: audit.name,
          counted: true,
          sql: '-- the two counts of count_sources agree',
          parameters: {},
        };
      const sql = auditSql(plan, spec, audit, window);
      return {
        kind: 'audit',
        stage: 'audit',
        name: audit.name,
        audit: audit.name,
        counted: false,
        sql,
        parameters: namedIn(sql, {
          ...processParameters(plan, window),
          ...sources.parameters,
          kept_rows: { from_run: 'kept-rows' },
        }),
      };
    }),
  ];
}

/**
 * True when `count_sources` has counted what the audit compares: the rows of the only source, and the staged
 * rows.
 */
export const isCounted = (audit: AuditSpec, spec: ProcessSpec): boolean =>
  audit.kind === 'source_to_target_count' && spec.sources.length === 1;

/** True when rows of the target that the session did not stage may change what the audit finds. */
export const readsTarget = (audit: AuditSpec): boolean =>
  audit.kind === 'unique' ? audit.over === 'target' : audit.kind === 'sql' && /\btarget\b/i.test(audit.sql);

const rowsRead = (plan: Plan): SqlFragment =>
  joinedFragment(
    plan.sources.map(({ alias }) =>
      statementFragment(
        renderStatement('audit/rows_by_file', {
          alias: literalFragment(alias),
          rows: identifierFragment(alias),
        }),
      ),
    ),
    '\nunion all\n',
  );

/** An append may add to any hour; an overwrite only to the hours that it replaces. */
function rowsOutside(spec: ProcessSpec, window: HourWindow | undefined): SqlFragment {
  if (window === undefined) return literalFragment('0');
  const fragments = {
    staged: stagedTable(spec),
    event_time: identifierFragment(spec.target.eventTime as string),
  };
  return statementFragment(
    renderStatement(window.only === undefined ? 'audit/outside_range' : 'audit/outside_hours', fragments),
  );
}

function uniqueSql(spec: ProcessSpec, { columns, over }: UniqueAudit): string {
  const fragments = {
    staged: stagedTable(spec),
    columns: identifierListFragment(columns),
    none_is_null: noneIsNullFragment(columns),
  };
  if (over === 'staged') return renderStatement('audit/unique', fragments);
  return renderStatement('audit/unique_over_target', {
    ...fragments,
    target: wholeTable(spec),
    within_keys: withinKeysFragment('staged_keys', columns),
  });
}

function auditSql(plan: Plan, spec: ProcessSpec, audit: AuditSpec, window: HourWindow | undefined): string {
  const aliases = { ...spec, pattern: 'stateful' as const };
  const sources = sourceCtes(plan, aliases, window).fragment;
  const staged = stagedTable(spec);
  const verdict = (query: string): string =>
    renderStatement('audit/verdict', { audit: statementFragment(query) });
  switch (audit.kind) {
    case 'source_to_target_count':
      return renderStatement('audit/source_to_target_count', {
        sources,
        source: identifierFragment(audit.source ?? (spec.sources[0]?.alias as string)),
        staged,
      });
    case 'no_missing_events':
      return verdict(
        renderStatement('audit/no_missing_events', {
          sources,
          source: identifierFragment(audit.source),
          key: identifierFragment(audit.key),
          target_key: identifierFragment(audit.targetKey ?? audit.key),
          staged,
        }),
      );
    case 'not_null':
      return verdict(
        renderStatement('audit/not_null', { staged, any_is_null: anyIsNullFragment(audit.columns) }),
      );
    case 'unique':
      return verdict(uniqueSql(spec, audit));
    case 'sql': {
      const views = [
        cteFragment(
          'staged',
          renderStatement('compile/source_changes', { columns: statementFragment('*'), source: staged }),
        ),
        cteFragment(
          'target',
          renderStatement('compile/source_changes', {
            columns: statementFragment('*'),
            source: wholeTable(spec),
          }),
        ),
      ];
      return verdict(
        renderStatement('audit/project_query', {
          sources: sourceCtes(plan, aliases, window, views).fragment,
          query: userQueryFragment(audit.sql),
        }),
      );
    }
    default:
      return assertNever(audit);
  }
}
