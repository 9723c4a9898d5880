/**
 * The load of a session: rows that are carried over, and the insert. Plan -> steps.
 * Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { HourTexts } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { CarryOverStep, InsertStep } from '../../model/step.ts';
import {
  carriedColumnsFragment,
  fieldIdsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  fileOrderFragment,
  identifierFragment,
  literalFragment,
  noSourceFragment,
  noValuesFragment,
  ROW_LINEAGE_FIELDS,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
  storedEventTimeFragment,
} from '../../statements/index.ts';
import type { BoundRows } from '../audits.ts';
import { hoursTable } from '../compared-hours.ts';
import {
  boundIn,
  hoursParameters,
  type ProcessParameters,
  processParameters,
  restatesAppended,
  windowOf,
} from '../parameters.ts';
import { queryCut } from '../query-cut.ts';
import { straddlingTable } from '../session-tables.ts';
import { type BareStep, bareStep, stepAround } from '../step-statements.ts';
import { queryCtes, queryWithin, sourceCtes, withinRestated } from './source-ctes.ts';

/** What files with rows of the replaced hours hold besides. */
export function carryOver(plan: Plan, spec: ProcessSpec, hours: HourTexts): CarryOverStep {
  const { type, unit } = plan.target.event_time as NonNullable<Plan['target']['event_time']>;
  const carried = renderStatement('compile/carried_rows', {
    columns: carriedColumnsFragment(plan.target.format_version >= 3),
    straddling: straddlingTable(spec),
    stored_event_time: storedEventTimeFragment(spec.target.eventTime as string, unit, type),
    unit: literalFragment(unit),
  });
  const written = writtenRows(plan, {
    sources: noSourceFragment(),
    query: statementFragment(carried),
    moved: true,
  });
  return {
    ...written,
    kind: 'carry-over',
    stage: 'load',
    name: 'carry_over',
    parameters: { ...written.parameters, ...hours },
  };
}

/** The insert: of the query, or of the hours that were computed of it. */
export function loadRows(plan: Plan, spec: ProcessSpec): InsertStep {
  const window = windowOf(plan);
  if (window !== undefined && restatesAppended(plan))
    return writeStep(plan, spec, queryCut(spec, withinRestated(plan, spec, window)), {
      ctes: { ...sourceCtes(plan, undefined), parameters: hoursParameters(window) },
      parameters: processParameters(plan, window),
    });
  if (!patternOf(spec).readsPrevious)
    return writeStep(plan, spec, queryWithin(plan, spec, window), {
      ctes: queryCtes(plan, spec, window),
      parameters: processParameters(plan, window),
    });
  const computed = renderStatement('compile/computed_hours', { hours: hoursTable });
  return writeStep(plan, spec, statementFragment(computed), {
    ctes: { fragment: noSourceFragment(), parameters: {} },
    parameters: {},
  });
}

/** The rows of a session: the files are written by plain COPY, and their manifest is composed. */
function writeStep(
  plan: Plan,
  spec: ProcessSpec,
  query: SqlFragment,
  { ctes, parameters }: { readonly ctes: BoundRows; readonly parameters: Partial<ProcessParameters> },
): InsertStep {
  const written = writtenRows(plan, { sources: ctes.fragment, query, moved: false });
  const bound = boundIn(written.sql, spec, { ...parameters, ...ctes.parameters });
  return {
    kind: 'insert',
    stage: 'load',
    name: 'insert',
    ...stepAround(written.sql, { ...bound, parameters: { ...bound.parameters, ...written.parameters } }),
  };
}

/** `moved`: the rows were in the target before, and keep the ids that format version 3 gave them. */
function writtenRows(
  plan: Plan,
  {
    sources,
    query,
    moved,
  }: { readonly sources: SqlFragment; readonly query: SqlFragment; readonly moved: boolean },
): BareStep {
  const { layout, exists } = plan.target;
  const destination = { destination: { from_run: 'data-folder' } } as const;
  // If the target cannot be written, the session refuses; its plan still shows where the rows would go.
  if (!exists || layout === null)
    return bareStep(statement('compile/write_first_files', { sources, query }), destination);
  const columns =
    moved && plan.target.format_version >= 3 ? [...layout.columns, ...ROW_LINEAGE_FIELDS] : layout.columns;
  const write = statement('compile/write_files', {
    sources,
    query,
    columns: fileColumnsFragment(columns, layout.partition),
    no_values: noValuesFragment(columns),
    compression: identifierFragment(layout.compression),
    field_ids: fieldIdsFragment(columns),
    layout: fileLayoutFragment(layout.partition),
    order: fileOrderFragment(layout.order),
  });
  return bareStep(write, destination);
}
