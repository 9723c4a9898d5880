/** Makes the OpenLineage event of a session. Session, what is known of its tables, outcome -> event. Pure. */

import { snapshotById } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { engineOf } from '../../model/engines.ts';
import { HOUR_MS, instantText, parseHour } from '../../model/hour.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import type { Outcome } from '../port.ts';
import { folderDataset, tableDataset } from './datasets.ts';
import {
  type Dataset,
  EVENT_SCHEMA,
  type EventType,
  type Facet,
  type Facets,
  facet,
  type LineageEvent,
  PRODUCER,
  runIdOf,
  sessionFacet,
} from './facets.ts';
import { isDirect, type Origin } from './origins.ts';
import type { QueryOrigins } from './output-columns.ts';

export interface Job {
  readonly namespace: string;
  readonly name: string;
}

/** What the environment says: the namespace of jobs, and the run of which this one is a part. */
export interface JobSurroundings {
  readonly namespace: string;
  readonly parent: Facet | undefined;
  readonly engine: Facet;
}

/** What is known of the session's tables when an event is made. */
export interface TablesOfSession {
  /** By alias; only tables that exist. */
  readonly sources: ReadonlyMap<string, TableMetadata>;
  readonly target: TableMetadata | undefined;
  readonly origins: QueryOrigins | undefined;
}

export interface SessionEvent {
  readonly type: EventType;
  readonly atMs: number;
  readonly project: ProjectSpec;
  readonly spec: ProcessSpec;
  readonly psybergSessionId: string;
  /** Undefined for a session that failed before it had a plan. */
  readonly plan: CompiledPlan | undefined;
  readonly tables: TablesOfSession;
  readonly outcome: Outcome | undefined;
  /** The reason why it ended, if there is no outcome to tell it. */
  readonly message?: string;
}

const jobOf = (project: ProjectSpec, spec: ProcessSpec, namespace: string): Job => ({
  namespace,
  name: `${project.name}.${spec.processName}`,
});

export function lineageEvent(event: SessionEvent, around: JobSurroundings): LineageEvent {
  const { type, atMs, project, spec, plan, psybergSessionId } = event;
  const job = jobOf(project, spec, around.namespace);
  const inputs = plan === undefined ? [] : inputsOf(event, plan);
  return {
    eventType: type,
    eventTime: instantText(atMs),
    producer: PRODUCER,
    schemaURL: EVENT_SCHEMA,
    run: { runId: runIdOf(job, psybergSessionId), facets: runFacets(event, around) },
    job: {
      ...job,
      facets: {
        sql: facet('SQLJobFacet', { query: spec.sql, dialect: engineOf(spec) }),
        jobType: facet('JobTypeJobFacet', {
          processingType: 'BATCH',
          integration: 'PSYBERG',
          jobType: 'PROCESS',
        }),
      },
    },
    inputs: inputs.map(([, dataset]) => dataset),
    outputs: outputsOf(event, new Map(inputs)),
  };
}

function runFacets(event: SessionEvent, { parent, engine }: JobSurroundings): Facets {
  const { plan, outcome } = event;
  const message = outcome?.error?.message ?? event.message;
  const range = plan?.range ?? undefined;
  return {
    // Only another engine itself knows its version.
    ...(engineOf(event.spec) === 'duckdb' ? { processing_engine: engine } : {}),
    ...(parent === undefined ? {} : { parent }),
    ...(range === undefined
      ? {}
      : {
          nominalTime: facet('NominalTimeRunFacet', {
            nominalStartTime: range.first_hour,
            nominalEndTime: instantText((parseHour(range.last_hour) + 1) * HOUR_MS),
          }),
        }),
    ...(message === undefined
      ? {}
      : { errorMessage: facet('ErrorMessageRunFacet', { message, programmingLanguage: 'SQL' }) }),
    psyberg_session: sessionFacet(sessionFacts(event)),
  };
}

/** More hours than this are only counted, not listed: collectors refuse events of many megabytes. */
const HOURS_LISTED = 1_000;

function sessionFacts({ plan, outcome, psybergSessionId, spec }: SessionEvent): object {
  return {
    psybergSessionId,
    processName: spec.processName,
    pattern: spec.pattern,
    ...(plan === undefined
      ? {}
      : {
          trigger: plan.trigger ?? 'changes',
          reason: plan.reason ?? null,
          operation: plan.target.operation,
          grain: plan.grain ?? 'hour',
          range: plan.range,
          hourCount: plan.hours.length,
          hours: plan.hours.slice(0, HOURS_LISTED).map(({ hour, reason, causes, cause_count, owed_by }) => ({
            hour,
            reason,
            owedBy: owed_by,
            causeCount: cause_count,
            causes: causes.map(({ source, snapshot_id, file, change }) => ({
              source,
              snapshotId: snapshot_id,
              file,
              change,
            })),
          })),
          owedHours: plan.owed_hours,
          heldBackBy: plan.held_back_by,
        }),
    ...(outcome === undefined
      ? {}
      : {
          status: outcome.status,
          errorCode: outcome.error?.code ?? null,
          audits: outcome.audits.map(({ name, severity, status, expected, actual }) => ({
            name,
            severity,
            status,
            expected,
            actual,
          })),
        }),
  };
}

function inputsOf({ project, tables }: SessionEvent, plan: CompiledPlan): [string, Dataset][] {
  return plan.sources.flatMap((source): [string, Dataset][] => {
    const statistics = {
      inputStatistics: facet('InputStatisticsInputDatasetFacet', {
        rowCount: Number(source.rows),
        size: Number(source.bytes),
        fileCount: source.files,
      }),
    };
    const alias = source.alias.toLowerCase();
    if (source.files_glob !== undefined)
      return [[alias, { ...folderDataset(source.files_glob), inputFacets: statistics }]];
    const metadata = tables.sources.get(source.alias);
    if (metadata === undefined) return [];
    const as = { table: source.table, metadata, snapshotId: source.head?.snapshot_id };
    return [[alias, { ...tableDataset(project, as), inputFacets: statistics }]];
  });
}

/** There are no outputs before the first session has created the table. */
function outputsOf(event: SessionEvent, inputs: ReadonlyMap<string, Dataset>): Dataset[] {
  const { project, plan, tables, outcome } = event;
  const { target: metadata, origins } = tables;
  if (plan === undefined || metadata === undefined) return [];
  const published = outcome?.published_snapshot_id ?? undefined;
  const as = { table: plan.target.table, metadata, snapshotId: published };
  const named = tableDataset(project, as);
  // A dimension reads its own target in its previous state.
  const datasets = new Map([...inputs, ['previous', named]]);
  const lineage = origins === undefined ? undefined : columnLineage(origins, datasets);
  return [
    {
      ...named,
      facets: { ...named.facets, ...(lineage === undefined ? {} : { columnLineage: lineage }) },
      ...(published === undefined
        ? {}
        : { outputFacets: outputFacets(outcome as Outcome, metadata, published) }),
    },
  ];
}

function outputFacets(outcome: Outcome, metadata: TableMetadata, published: string): Facets {
  const summary = snapshotById(metadata, BigInt(published))?.summary ?? {};
  const count = (key: string): number | undefined =>
    summary[key] === undefined ? undefined : Number(summary[key]);
  return {
    outputStatistics: facet('OutputStatisticsOutputDatasetFacet', {
      rowCount: Number(outcome.rows_written),
      size: count('added-files-size'),
      fileCount: count('added-data-files'),
    }),
  };
}

/** Undefined if a column comes from a source that is not among the inputs. */
function columnLineage(
  { columns, rows }: QueryOrigins,
  datasets: ReadonlyMap<string, Dataset>,
): Facet | undefined {
  const all = [...columns.flatMap(({ origins }) => origins), ...rows];
  if (all.some(({ source }) => !datasets.has(source))) return undefined;
  const fields = columns.flatMap(({ name, origins }) =>
    name === undefined ? [] : [[name, { inputFields: inputFields(origins, datasets) }]],
  );
  return facet('ColumnLineageDatasetFacet', {
    fields: Object.fromEntries(fields),
    dataset: inputFields(rows, datasets),
  });
}

/** One entry for each column of a source, with everything that is done to it. */
function inputFields(origins: readonly Origin[], datasets: ReadonlyMap<string, Dataset>): object[] {
  const fields = new Map<
    string,
    { namespace: string; name: string; field: string; transformations: object[] }
  >();
  for (const { source, column, use } of origins) {
    const { namespace, name } = datasets.get(source) as Dataset;
    const key = JSON.stringify([namespace, name, column]);
    const field = fields.get(key) ?? { namespace, name, field: column, transformations: [] };
    field.transformations.push({
      type: isDirect({ use }) ? 'DIRECT' : 'INDIRECT',
      subtype: use,
      description: '',
      masking: false,
    });
    fields.set(key, field);
  }
  return [...fields.values()];
}
