/**
 * Compiles a plan. Plan + process's SQL + statements -> CompiledPlan: the ordered list of steps. Pure. `plan
 * --explain` prints this very list, and `run` executes it; values that only running produces stand as
 * `{from_run: name}`.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { FileLayout } from '../model/file-layout.ts';
import { hourIntervals, type Hour, hourText, hourTexts, parseHour } from '../model/hour.ts';
import type { CompiledPlan, Plan } from '../model/plan.ts';
import type { ChangeViewStep, ComposeStep, InsertStep, Step } from '../model/step.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { branchName } from '../model/session-branch.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import {
  type RowLineage,
  type SqlFragment,
  type Statement,
  carriedColumnsFragment,
  fieldIdsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  fileOrderFragment,
  identifierFragment,
  listStatement,
  literalFragment,
  noSourceFragment,
  noValuesFragment,
  partitionedByFragment,
  renderStatement,
  ROW_LINEAGE_FIELDS,
  statement,
  statementFragment,
  storedEventTimeFragment,
  tableFragment,
  userQueryFragment,
  withPropertiesFragment,
} from '../statements/index.ts';
import { compileAudits } from './compile-audits.ts';
import {
  type BoundFragment,
  type HourWindow,
  type ProcessParameters,
  hoursTable,
  namedIn,
  previousTable,
  processParameters,
  queryCtes,
  queryWithin,
  straddlingTable,
  targetTable,
  windowOf,
} from './source-ctes.ts';
import { type BareStep, type OverNoRow, bareStep } from './step-statements.ts';
import {
  closeRequest,
  endNameRequest,
  openSessionRequest,
  protectRequests,
  publishRequest,
  request,
} from './request-steps.ts';

/** The steps of a plan, in the order in which they run. A plan without work has none. */
export function compilePlan(plan: Plan, spec: ProcessSpec): CompiledPlan {
  return Object.freeze({ ...plan, steps: Object.freeze(plan.status === 'work' ? stepsOf(plan, spec) : []) });
}

function stepsOf(plan: Plan, spec: ProcessSpec): Step[] {
  const window = windowOf(plan);
  const branch = branchName(plan.process_name, plan.psyberg_session_id);
  return [
    ...plan.sources.flatMap((source) =>
      source.read.kind === 'changes' ? [changeViewStep(source.alias, source.read)] : [],
    ),
    openSessionRequest(plan, spec),
    ...(plan.target.exists ? [] : [createStep(plan, spec, window)]),
    ...(plan.target.base_snapshot_id === null ? [beginMainStep(plan)] : []),
    ...(plan.target.operation === 'overwrite' && plan.target.base_snapshot_id !== null
      ? clearSteps(plan, spec)
      : []),
    ...loadSteps(plan, spec, window),
    composeStep(plan),
    ...compileAudits(plan, spec, window),
    publishRequest(
      plan,
      `the audited snapshot; watermarks, session and signal rows; branch ${branch} dropped`,
    ),
    ...protectRequests(plan),
    closeRequest(),
  ];
}

/**
 * The steps of an adoption: the snapshot is composed of what the target holds. `from`: the name whose
 * progress is taken over; it ends when the new one's tags are there, so that nothing is unprotected between
 * the two.
 */
export function compileAdoption(plan: Plan, from?: string): CompiledPlan {
  const steps = [
    composeStep(plan),
    publishRequest(plan, 'a snapshot of the same files; watermarks and session rows'),
    ...protectRequests(plan),
    ...(from === undefined ? [] : [endNameRequest(from)]),
    closeRequest(),
  ];
  return Object.freeze({ ...plan, steps: Object.freeze(steps) });
}

function changeViewStep(
  alias: string,
  read: Extract<Plan['sources'][number]['read'], { kind: 'changes' }>,
): ChangeViewStep {
  const common = { kind: 'change-view', stage: 'branch', name: `change_view ${alias}`, alias } as const;
  // Listed one by one: the manifests are copied with only those files. Otherwise the manifests of the
  // snapshots are taken as they are.
  if (read.files !== null || read.snapshot_ids.length === 0)
    return request(common, `a view of ${read.files?.length ?? 0} files of the source, listed one by one`);
  return {
    ...common,
    ...bareStep(listStatement('tables/write_change_list', 'none'), {
      manifest_lists: read.manifest_lists,
      snapshot_ids: read.snapshot_ids,
      contents: ['0'],
      destination: { from_run: 'view-list' },
    }),
  };
}

/**
 * What a new target gets unless its process says otherwise. Snappy is DuckDB's own default for Parquet: a
 * session of 1,000,000 rows of 9 columns took 1.15 times a plain COPY with it and 1.35 times with zstd, whose
 * files were 0.58 times as large (2026-11-22, 2 cores, medians of 4). Every commit writes the table's
 * metadata anew, and without a limit 1,000 commits left 659 MB of them (2026-11-22). Iceberg's own 100
 * earlier files would still be about 130 MB there, 20 are 26 MB. Nobody needs them but a reader that has
 * opened one by its name and has not planned yet, for the length of several sessions.
 */
const TARGET_PROPERTIES = {
  'format-version': '2',
  'write.parquet.compression-codec': 'snappy',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '20',
} as const;

/**
 * The target's creation. Its text is final only at run time when the SQL of a dimension asks for `previous`:
 * the target that does not exist yet.
 */
export function createStatement(spec: ProcessSpec, sources: SqlFragment): Statement<'compile/create_target'> {
  return statement('compile/create_target', {
    target: tableFragment('lake', spec.target.table),
    partitioning: partitionedByFragment(spec.target.partitionBy),
    properties: withPropertiesFragment({ ...TARGET_PROPERTIES, ...spec.target.properties }),
    sources,
    query: userQueryFragment(spec.sql),
  });
}

function createStep(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): Step {
  const one = firstWindow(spec, window);
  const ctes = queryCtes(plan, spec, one);
  const create = createStatement(spec, ctes.fragment);
  return {
    kind: 'create-target',
    stage: 'branch',
    name: 'create_target',
    ...bareStep(create, namedIn(create.sql, { ...processParameters(plan, one), ...ctes.parameters })),
  };
}

/** An empty snapshot as `main`, before anything is staged: unpublished rows are nobody's to read. */
const beginMainStep = (plan: Plan): Step => ({
  kind: 'begin-main',
  stage: 'branch',
  name: 'begin_main',
  ...bareStep(listStatement('tables/write_empty_list', rowLineageOf(plan)), {
    ...firstRowId(plan),
    destination: { from_run: 'snapshot-list' },
  }),
});

/** SQL that runs hour by hour is written for one hour. */
const firstWindow = (spec: ProcessSpec, window: HourWindow | undefined): HourWindow | undefined =>
  patternOf(spec).readsPrevious && window !== undefined
    ? { firstHour: window.firstHour, lastHour: window.firstHour }
    : window;

/** The base without the files of the replaced hours; what else those files hold is carried over. */
function clearSteps(plan: Plan, spec: ProcessSpec): Step[] {
  const hours = hourTexts(hourIntervals(intervalsOf(plan.hours.map((each) => parseHour(each.hour)))));
  const { field_id, type, unit } = plan.target.event_time as NonNullable<Plan['target']['event_time']>;
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
  const clear = bareStep(statement('tables/files_in_hours'), {
    ...hours,
    manifests: { from_run: 'base-manifests' },
    field_id,
    unit,
    type,
    partition_position: { from_run: 'partition-position' },
    partition_transform: { from_run: 'partition-transform' },
  });
  return [
    {
      kind: 'clear-hours',
      stage: 'load',
      name: 'clear_hours',
      ...clear,
      parameters: { ...clear.parameters, ...hours, field_id },
    },
    {
      ...written,
      kind: 'carry-over',
      stage: 'load',
      name: 'carry_over',
      parameters: { ...written.parameters, ...hours },
    },
  ];
}

function loadSteps(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): Step[] {
  if (!patternOf(spec).readsPrevious)
    return [
      writeStep(plan, queryWithin(plan, spec, window), {
        ctes: queryCtes(plan, spec, window),
        parameters: processParameters(plan, window),
      }),
    ];
  return [
    {
      kind: 'begin-hours',
      stage: 'load',
      name: 'begin_hours',
      ...bareStep(statement('compile/begin_hours', { hours: hoursTable, target: targetTable(spec) }), {}),
    },
    ...plan.hours.map((each, index) => computeStep(plan, spec, parseHour(each.hour), index === 0)),
    request({ kind: 'end-hours', stage: 'load', name: 'end_hours' }, 'all hours are computed'),
    writeStep(plan, statementFragment(renderStatement('compile/computed_hours', { hours: hoursTable })), {
      ctes: { fragment: noSourceFragment(), parameters: {} },
      parameters: {},
    }),
  ];
}

/**
 * One hour of a dimension. The first takes `previous` from the target, the others from the hours computed
 * before.
 */
function computeStep(plan: Plan, spec: ProcessSpec, hour: Hour, isFirst: boolean): Step {
  const window = { firstHour: hour, lastHour: hour };
  const ctes = queryCtes(plan, spec, window, isFirst ? previousTable(spec) : hoursTable);
  const compute = statement('compile/compute_hour', {
    hours: hoursTable,
    sources: ctes.fragment,
    query: queryWithin(plan, spec, window),
  });
  return {
    kind: 'compute-hour',
    stage: 'load',
    name: `compute_hour ${hourText(hour)}`,
    ...bareStep(compute, namedIn(compute.sql, { ...processParameters(plan, window), ...ctes.parameters })),
  };
}

/** The rows of a session: the files are written by plain COPY, and their manifest is composed. */
function writeStep(
  plan: Plan,
  query: SqlFragment,
  { ctes, parameters }: { readonly ctes: BoundFragment; readonly parameters: Partial<ProcessParameters> },
): InsertStep {
  const written = writtenRows(plan, { sources: ctes.fragment, query, moved: false });
  return {
    kind: 'insert',
    stage: 'load',
    name: 'insert',
    sql: written.sql,
    parameters: { ...namedIn(written.sql, { ...parameters, ...ctes.parameters }), ...written.parameters },
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
  // Of a target that cannot be written the session refuses the rows; a plan of it shows where they would go.
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

/** The step `insert` of a first session, once its target is there: only then its columns have ids. */
export const firstInsertStep = (plan: Plan, spec: ProcessSpec, layout: FileLayout): InsertStep =>
  loadSteps({ ...plan, target: { ...plan.target, exists: true, layout } }, spec, windowOf(plan)).at(
    -1,
  ) as InsertStep;

/** From format version 3 on a snapshot numbers its rows. */
const rowLineageOf = (plan: Plan): RowLineage => (plan.target.format_version >= 3 ? 'assigned' : 'none');

const firstRowId = (plan: Plan): { readonly first_row_id?: { readonly from_run: 'next-row-id' } } =>
  rowLineageOf(plan) === 'none' ? {} : { first_row_id: { from_run: 'next-row-id' } };

const composeStep = (plan: Plan): ComposeStep => ({
  kind: 'compose-snapshot',
  stage: 'compose',
  name: 'compose_snapshot',
  ...bareStep(listStatement('tables/write_manifest_list', rowLineageOf(plan)), {
    carried_list: { from_run: 'base-list' },
    staged_list: { from_run: 'branch-list' },
    staging_snapshot_ids: { from_run: 'branch-snapshots' },
    snapshot_id: { from_run: 'snapshot-id' },
    sequence_number: { from_run: 'sequence-number' },
    ...firstRowId(plan),
    destination: { from_run: 'snapshot-list' },
  }),
});

/**
 * The query alone, over no row: it gives the columns, and DuckDB's complaints, before anything is written.
 * `ctes`: instead of the session's own.
 */
export const describeStatement = (plan: Plan, spec: ProcessSpec, ctes?: SqlFragment): QueryOverNoRow =>
  overNoRow('compile/describe_query', { plan, spec, ctes });

/** The same for the exact types of its columns: one row that names them. */
export const columnTypesStatement = (plan: Plan, spec: ProcessSpec, ctes?: SqlFragment): QueryOverNoRow =>
  overNoRow('compile/column_types', { plan, spec, ctes });

/** Bound as a step is. */
type QueryOverNoRow = BareStep & { readonly kind: OverNoRow };

function overNoRow(
  kind: OverNoRow,
  { plan, spec, ctes }: { plan: Plan; spec: ProcessSpec; ctes: SqlFragment | undefined },
): QueryOverNoRow {
  const window = firstWindow(spec, windowOf(plan));
  const bound = queryCtes(plan, spec, window);
  const described = statement(kind, { sources: ctes ?? bound.fragment, query: userQueryFragment(spec.sql) });
  const parameters = namedIn(described.sql, { ...processParameters(plan, window), ...bound.parameters });
  return { kind, ...bareStep(described, parameters) };
}
