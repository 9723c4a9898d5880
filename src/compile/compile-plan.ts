/**
 * Compiles a plan. Plan + process's SQL + statements -> CompiledPlan: the ordered list of steps. Pure. `plan
 * --steps` prints this very list, and `run` executes it; values that only running produces stand as
 * `{from_run: name}`. `dialect` writes the steps that work on rows.
 */
import type { FileLayout } from '../model/file-layout.ts';
import { plannedHours, unitOf } from '../model/grain.ts';
import { hourIntervals, hourText, hourTexts, parseHour } from '../model/hour.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import type { CompiledPlan, Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { branchName } from '../model/session-branch.ts';
import type { ChangeViewStep, ComposeStep, InsertStep, ReadFilesStep, Step } from '../model/step.ts';
import {
  hoursOfManifests,
  listStatement,
  type RowLineage,
  readFilesStatement,
  readFilesValues,
  statement,
} from '../statements/index.ts';
import type { Dialect } from './dialect.ts';
import { dialectOf } from './dialects.ts';
import { restatesWhole } from './parameters.ts';
import {
  closeRequest,
  endNameRequest,
  openSessionRequest,
  protectRequests,
  publishRequest,
  request,
} from './request-steps.ts';
import { bareStep } from './step-statements.ts';

/** The steps of a plan, in the order in which they run. A plan without work has none. */
export function compilePlan(plan: Plan, spec: ProcessSpec, dialect: Dialect = dialectOf(spec)): CompiledPlan {
  if (plan.status !== 'work') return Object.freeze({ ...plan, steps: Object.freeze([]) });
  const steps = allSteps(plan, spec, dialect);
  return Object.freeze({ ...plan, query: dialect.query(plan, spec), steps: Object.freeze(steps) });
}

function allSteps(plan: Plan, spec: ProcessSpec, dialect: Dialect): Step[] {
  const branch = branchName(plan.process_name, plan.psyberg_session_id);
  return [
    ...plan.sources.flatMap((source) =>
      source.read.kind === 'changes' ? [changeViewStep(source.alias, source.read)] : [],
    ),
    ...readFilesSteps(plan, spec),
    openSessionRequest(plan, spec),
    ...(plan.target.exists ? [] : [dialect.createTarget(plan, spec)]),
    ...(plan.target.base_snapshot_id === null ? [beginMainStep(plan)] : []),
    // Hours are computed before it is known which hours of the target they replace: some may stay as they
    // are.
    ...dialect.hours(plan, spec),
    ...(plan.target.operation === 'overwrite' && plan.target.base_snapshot_id !== null
      ? clearSteps(plan, spec, dialect)
      : []),
    dialect.load(plan, spec),
    composeStep(plan),
    ...dialect.audits(plan, spec),
    publishRequest(
      plan,
      `the audited snapshot; watermarks, session and signal rows; branch ${branch} dropped`,
    ),
    ...protectRequests(plan),
    closeRequest(),
  ];
}

/**
 * The plan of those of its hours, or days, that were computed, as ISO texts, with the steps that go on from
 * there; the same plan where they are all.
 */
export function planOfComputed(
  plan: CompiledPlan,
  spec: ProcessSpec,
  {
    computed,
    dialect = dialectOf(spec),
  }: { readonly computed: readonly string[]; readonly dialect?: Dialect },
): CompiledPlan {
  const wanted = new Set(computed);
  const hours = plan.hours.filter(({ hour }) => wanted.has(hour));
  const [first, last] = [hours[0], hours.at(-1)];
  if (hours.length === plan.hours.length || first === undefined || last === undefined) return plan;
  const { steps: _steps, query: _query, ...rest } = plan;
  const lastHour = hourText(unitOf(plan, parseHour(last.hour)).lastHour);
  return compilePlan(
    { ...rest, hours, range: { first_hour: first.hour, last_hour: lastHour } },
    spec,
    dialect,
  );
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

/** Each folder's new files; a session that has read them for its plan holds their rows already. */
const readFilesSteps = (plan: Plan, spec: ProcessSpec): ReadFilesStep[] =>
  plan.sources.flatMap(({ alias, read }) => {
    const files = spec.sources.find((each) => each.alias === alias)?.files;
    if (read.kind !== 'files' || files === undefined) return [];
    return [
      {
        kind: 'read-files',
        stage: 'branch',
        name: `read_files ${alias}`,
        alias,
        ...bareStep(readFilesStatement(files, read), readFilesValues(files, read)),
      },
    ];
  });

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

/** The insert of a session that has created its target: only then its columns have ids. */
export const firstInsertStep = (
  plan: Plan,
  spec: ProcessSpec,
  layout: FileLayout,
  dialect: Dialect = dialectOf(spec),
): InsertStep => dialect.load({ ...plan, target: { ...plan.target, exists: true, layout } }, spec);

/** The base without the files of the replaced hours; what else those files hold is carried over. */
function clearSteps(plan: Plan, spec: ProcessSpec, dialect: Dialect): Step[] {
  const hours = hourTexts(hourIntervals(intervalsOf(plannedHours(plan))));
  const { field_id, type, unit } = plan.target.event_time as NonNullable<Plan['target']['event_time']>;
  const common = { kind: 'clear-hours', stage: 'load', name: 'clear_hours' } as const;
  if (restatesWhole(plan)) {
    const all = bareStep(statement('tables/listed_files'), { manifests: { from_run: 'base-manifests' } });
    return [{ ...common, ...all, parameters: { ...all.parameters, ...hours, field_id } }];
  }
  const clear = bareStep(statement('tables/files_in_hours', hoursOfManifests()), {
    ...hours,
    manifests: { from_run: 'base-manifests' },
    field_id,
    unit,
    type,
    partition_position: { from_run: 'partition-position' },
    partition_transform: { from_run: 'partition-transform' },
  });
  return [
    { ...common, ...clear, parameters: { ...clear.parameters, ...hours, field_id } },
    dialect.carryOver(plan, spec, hours),
  ];
}

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
