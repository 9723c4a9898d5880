/**
 * Compiles audits to statements over the cohort of a session: its source rows and the rows it staged. Plan +
 * spec + the rows as an engine sees them -> steps. Pure.
 */
import { type AuditScope, auditKind } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { timeOfSessionId } from '../model/hour.ts';
import type { Plan, PlanSource } from '../model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import type { AuditStep, CountSourcesStep, CountStagedStep } from '../model/step.ts';
import {
  identifierFragment,
  joinedFragment,
  literalFragment,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';
import {
  boundIn,
  type HourWindow,
  hoursParameters,
  processParameters,
  restatesAppended,
  type SourceParameters,
  windowOf,
  windowReach,
} from './parameters.ts';
import { stagedTable, wholeTable } from './session-tables.ts';
import { stepAround } from './step-statements.ts';

type CountedRows = 'audit/rows_by_file' | 'spark/rows_of_one_file';

/** How an engine writes the rows that audits are about. */
export interface AuditedRows extends Pick<AuditScope, 'engine' | 'cte'> {
  /** The aliases as CTEs, each with the rows of the window; then `more`. */
  sources(plan: Plan, window: HourWindow | undefined, more?: readonly SqlFragment[]): BoundRows;
  /** As {@link sources}, without the rows that only the window of their source brings. */
  ownSources(plan: Plan, window: HourWindow | undefined): SqlFragment;
  /** The rows of {@link sources}, as the file and the hour of each. */
  sourceFiles(plan: Plan, window: HourWindow | undefined): BoundRows;
  /** How the rows of a source are counted that comes as one file, whole; undefined: as others are. */
  readonly rowsOfOneFile?: CountedRows;
  /** A scalar: staged rows that lie outside of the session's hours, or in none. */
  outside(plan: Plan, spec: ProcessSpec, window: HourWindow): SqlFragment;
  /** Whether a row that the query returned lies in the session's hours. */
  isInside(plan: Plan, spec: ProcessSpec, window: HourWindow): SqlFragment;
}

/** Relations, and the parameters that they bind. */
export interface BoundRows {
  readonly fragment: SqlFragment;
  readonly parameters: SourceParameters;
}

interface Audited {
  readonly plan: Plan;
  readonly spec: ProcessSpec;
  readonly window: HourWindow | undefined;
  readonly rows: AuditedRows;
}

/** One step for each declared audit, after those that count what was read and what was staged. */
export function compileAudits(
  plan: Plan,
  spec: ProcessSpec,
  rows: AuditedRows,
): (CountSourcesStep | CountStagedStep | AuditStep)[] {
  const audited = { plan, spec, window: windowOf(plan), rows };
  return [
    countSources(audited),
    countStaged(audited),
    ...spec.audits.map((audit) => auditStep(audit, audited)),
  ];
}

function countSources({ plan, spec, window, rows }: Audited): CountSourcesStep {
  const files = rows.sourceFiles(plan, window);
  const { sql } = statement('audit/count_sources', {
    sources: files.fragment,
    rows_read: rowsRead(plan, rows, window),
  });
  return {
    kind: 'count-sources',
    stage: 'audit',
    name: 'count_sources',
    ...stepAround(sql, boundIn(sql, spec, files.parameters)),
  };
}

function countStaged(audited: Audited): CountStagedStep {
  const { plan, spec, window } = audited;
  const { sql } = statement('audit/count_staged', {
    staged: stagedTable(spec),
    rows_outside: rowsOutside(audited),
  });
  const hours = window === undefined ? {} : hoursParameters(window);
  return {
    kind: 'count-staged',
    stage: 'audit',
    name: 'count_staged',
    ...stepAround(sql, boundIn(sql, spec, { ...processParameters(plan, window), ...hours })),
  };
}

/** What audits are about. `tables`: where the rows of the load are, and the target as it will be. */
export const auditScope = (
  plan: Plan,
  spec: ProcessSpec,
  rows: AuditedRows,
  tables: Pick<AuditScope, 'staged' | 'whole'>,
): AuditScope => {
  const window = windowOf(plan);
  return {
    engine: rows.engine,
    cte: rows.cte,
    sources: (more) => rows.sources(plan, window, more).fragment,
    ownSources: () => rows.ownSources(plan, window),
    hasWindows: windowReach(plan) > 0,
    aliases: spec.sources.filter(({ lookup }) => lookup === undefined).map(({ alias }) => alias),
    ...tables,
    typeOf: (column) =>
      plan.target.layout?.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase())?.type,
    // A plan that was made before its process had an audit of the clock: its id is a time.
    openedAtMs: Date.parse(plan.opened_at ?? timeOfSessionId(plan.psyberg_session_id)),
  };
};

/** Whether an audit looks at the target as it will be; one of the project's may. */
export const auditsReadTarget = ({ audits }: ProcessSpec): boolean =>
  audits.some((audit) => auditKind(audit.kind).readsTarget(audit) || audit.sql !== undefined);

/** The comment above an audit in a text for people. */
export const auditRemark = ({ name, kind, severity }: AuditSpec): string =>
  kind === 'source_to_target_count'
    ? `audit ${name} (${severity}): passed when both counts are the same`
    : `audit ${name} (${severity}): the bad rows; passed without one`;

function auditStep(audit: AuditSpec, { plan, spec, window, rows }: Audited): AuditStep {
  const kind = auditKind(audit.kind);
  const scope = auditScope(plan, spec, rows, { staged: stagedTable(spec), whole: wholeTable(spec) });
  const { name, severity } = audit;
  const common = { kind: 'audit', stage: 'audit', name, audit: name, severity } as const;
  if (kind.isCounted?.(audit, scope) === true)
    return {
      ...common,
      counted: true,
      sql: '-- the counts of count_sources and count_staged agree',
      parameters: {},
    };
  const sql = kind.compile(audit, scope);
  const values = {
    ...processParameters(plan, window),
    ...rows.sources(plan, window).parameters,
    kept_rows: { from_run: 'kept-rows' },
  };
  return {
    ...common,
    counted: false,
    ...stepAround(sql, boundIn(sql, spec, values, kind.values?.(audit, scope))),
  };
}

const rowsRead = (
  plan: Plan,
  { rowsOfOneFile = BY_FILE }: AuditedRows,
  window: HourWindow | undefined,
): SqlFragment =>
  joinedFragment(
    plan.sources.map((source) => {
      const counted = { alias: literalFragment(source.alias), rows: identifierFragment(source.alias) };
      const isWhole = window === undefined && !patternOf(plan).loadsHours;
      return statementFragment(
        renderStatement(isWhole && isOneFile(source) ? rowsOfOneFile : BY_FILE, counted),
      );
    }),
    '\nunion all\n',
  );

const BY_FILE = 'audit/rows_by_file';

const isOneFile = ({ read, files, lookup }: PlanSource): boolean =>
  read.kind === 'changes' && files === 1 && lookup !== true;

/** An append may add to any hour; an overwrite only to the hours that it replaces. */
function rowsOutside(audited: Audited): SqlFragment {
  const { plan, spec, window, rows } = audited;
  if (window === undefined) return literalFragment('0');
  return restatesAppended(plan) ? rowsElsewhere(audited, window) : rows.outside(plan, spec, window);
}

/**
 * A row of the target that is in another hour than those of the sources which it is made of: it would be
 * missing where it belongs, or be there twice.
 */
function rowsElsewhere({ plan, spec, rows }: Audited, window: HourWindow): SqlFragment {
  return statementFragment(
    renderStatement('audit/outside_restated', {
      sources: rows.sources(plan, window).fragment,
      query: userQueryFragment(spec.sql),
      in_hours: rows.isInside(plan, spec, window),
    }),
  );
}
