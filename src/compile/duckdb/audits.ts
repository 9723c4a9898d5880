/**
 * Audits as statements over the cohort of a session: its source rows and the rows it staged. Plan + spec ->
 * steps. Pure.
 */
import { type AuditScope, auditKind } from '../../kinds/audits/index.ts';
import { timeOfSessionId } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../../model/process-spec.ts';
import type { AuditStep, CountSourcesStep } from '../../model/step.ts';
import {
  identifierFragment,
  joinedFragment,
  literalFragment,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import {
  boundIn,
  type HourWindow,
  namedIn,
  processParameters,
  windowOf,
  windowReach,
} from '../parameters.ts';
import { bareStep, stepAround } from '../step-statements.ts';
import { ownHourCtes, sourceCtes, sourceFileCtes, stagedTable, wholeTable } from './source-ctes.ts';

/** One step for each declared audit, after the step that counts what was read and staged. */
export function compileAudits(plan: Plan, spec: ProcessSpec): (CountSourcesStep | AuditStep)[] {
  const window = windowOf(plan);
  const files = sourceFileCtes(plan, window);
  const count = statement('audit/count_sources', {
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
      ...bareStep(count, namedIn(count.sql, { ...processParameters(plan, window), ...files.parameters })),
    },
    ...spec.audits.map((audit) => auditStep(audit, { plan, spec, window })),
  ];
}

interface Compiled {
  readonly plan: Plan;
  readonly spec: ProcessSpec;
  readonly window: HourWindow | undefined;
}

function auditStep(audit: AuditSpec, { plan, spec, window }: Compiled): AuditStep {
  const kind = auditKind(audit.kind);
  const scope: AuditScope = {
    sources: (more) => sourceCtes(plan, window, more).fragment,
    ownSources: () => ownHourCtes(plan, window),
    hasWindows: windowReach(plan) > 0,
    aliases: spec.sources.filter(({ lookup }) => lookup === undefined).map(({ alias }) => alias),
    staged: stagedTable(spec),
    whole: wholeTable(spec),
    // A plan that was made before its process had an audit of the clock: its id is a time.
    openedAtMs: Date.parse(plan.opened_at ?? timeOfSessionId(plan.psyberg_session_id)),
  };
  const { name, severity } = audit;
  const common = { kind: 'audit', stage: 'audit', name, audit: name, severity } as const;
  if (kind.isCounted?.(audit, scope) === true)
    return { ...common, counted: true, sql: '-- the two counts of count_sources agree', parameters: {} };
  const sql = kind.compile(audit, scope);
  const values = {
    ...processParameters(plan, window),
    ...sourceCtes(plan, window).parameters,
    kept_rows: { from_run: 'kept-rows' },
  };
  return {
    ...common,
    counted: false,
    ...stepAround(sql, boundIn(sql, spec, values, kind.values?.(audit, scope))),
  };
}

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
