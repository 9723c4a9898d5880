/**
 * Opens what a session works on: its marker, its branch at the pinned base, and its view of sources and
 * target.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ViewShow, ViewTable } from '../catalog/index.ts';
import {
  SESSION_CATALOG,
  createStatement,
  namedIn,
  processParameters,
  sourceCtes,
} from '../compile/index.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { isEmptyRoot } from '../iceberg/empty-table.ts';
import { mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { conflict, refusal, usageError } from '../model/errors.ts';
import { parseHour } from '../model/hour.ts';
import type { Plan, PlanSource } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { manifestListStatement } from '../statements/index.ts';
import type { ChangeViewStep, CreateTargetStep } from '../model/step.ts';
import { bindStep } from './bind-step.ts';
import { type ManifestRow, composeFilesView, manifestsOf } from '../manifests/compose.ts';
import { refuseDroppedColumns } from '../manifests/dropped-columns.ts';
import { type ReadableView, composeReadableView } from '../manifests/readable-view.ts';
import { typeProblem } from './column-types.ts';
import { type RunContext, asksForInfinity, loadTarget, showTables } from './context.ts';
import { previousColumns } from './infer-previous.ts';
import { narrowSource } from './narrow-source.ts';
import { markCreatedTable } from './session-marker.ts';
import { previousView } from './show-target.ts';
import { targetLayout } from './target-layout.ts';

/** The newest Iceberg format version whose snapshots the engine composes. */
const FORMAT_VERSION_MAX = 3;

/** Composes the view of a source's changed files; executes the step `change_view <alias>`. */
export async function openChangeView(context: RunContext, step: ChangeViewStep): Promise<void> {
  const { alias } = step;
  const source = context.plan.sources.find((each) => each.alias === alias) as PlanSource;
  const { read } = source;
  if (read.kind !== 'changes' || source.head === null) return;
  const spec = sourceSpec(context.spec, source);
  const { metadata } = (await context.ports.catalog.loadTableToRead(spec.table)) ?? missingSource(source);
  const head =
    metadata.snapshots?.find((snapshot) => String(snapshot['snapshot-id']) === source.head?.snapshot_id) ??
    missingSource(source);
  if (read.files !== null || read.snapshot_ids.length === 0) {
    const view = await composeListedFiles(context, { source, read, metadata, head });
    await refuseDroppedColumns(context.ports.engine, { metadata, snapshot: view, table: source.table });
    context.changeViews.set(alias, { snapshot: view });
    return;
  }
  // A name of its own each time: DuckDB keeps what it read of a path, and a session planned again within one
  // second has the same folder.
  const destination = join(context.directory, `changes-${alias}-${randomUUID()}.avro`);
  await context.ports.engine.execute(bindStep(step, { 'view-list': destination }));
  const view = { ...head, 'manifest-list': destination };
  await refuseDroppedColumns(context.ports.engine, { metadata, snapshot: view, table: source.table });
  context.changeViews.set(alias, { snapshot: view });
}

type Changes = Extract<PlanSource['read'], { kind: 'changes' }>;

/**
 * A view of files listed one by one. They are looked up in the manifests that their own snapshots added: a
 * later compaction has taken them off the head. After an expiry only the head is left. Throws
 * `source-files-gone` rather than load less than was planned.
 */
async function composeListedFiles(
  context: RunContext,
  options: {
    readonly source: PlanSource;
    readonly read: Changes;
    readonly metadata: TableMetadata;
    readonly head: Snapshot;
  },
): Promise<Snapshot> {
  const { source, read, metadata, head } = options;
  const { engine } = context.ports;
  const files = read.files ?? [];
  let from = head;
  if (files.length > 0 && source.detected_by !== 'live-files') {
    const destination = join(context.directory, `snapshots-${source.alias}-${randomUUID()}.avro`);
    await engine.execute({
      sql: manifestListStatement('compose/write_change_list'),
      parameters: {
        manifest_lists: read.manifest_lists,
        snapshot_ids: read.snapshot_ids,
        contents: ['0', '1'],
        destination,
      },
    });
    from = { ...head, 'manifest-list': destination };
  }
  const listed =
    files.length === 0
      ? []
      : (await manifestsOf(engine, from)).filter((manifest) => manifest.live_files > 0n);
  const [manifests, deleteManifests] = [0, 1].map((content) =>
    listed.filter((manifest) => manifest.content === content),
  ) as [ManifestRow[], ManifestRow[]];
  const deletes = { from, manifests: deleteManifests, keys: read.delete_files ?? [] };
  const view = await composeFilesView(engine, {
    metadata,
    from,
    manifests,
    files,
    deletes,
    directory: context.directory,
  });
  const shown = await manifestsOf(engine, view);
  const found = shown
    .filter((manifest) => manifest.content === 0)
    .reduce((sum, manifest) => sum + manifest.live_files, 0n);
  if (found !== BigInt(files.length))
    throw refusal(
      'source-files-gone',
      `the plan loads ${files.length} files of ${source.table}, but its manifests list ${found} of them`,
      {
        hint: `rebuild the target ${context.plan.target.table} from the source: drop it and run again`,
        context: { table: source.table, expected: files.length, found: String(found) },
      },
    );
  return view;
}

/** Throws `source-moved`. */
export function missingSource(source: PlanSource): never {
  throw conflict(
    'source-moved',
    `the source ${source.table} changed while the session ran: its snapshot ${source.head?.snapshot_id} is gone`,
    {
      hint: 'run again: the next session starts from the source as it is now',
    },
  );
}

const sourceSpec = (spec: ProcessSpec, source: PlanSource): ProcessSpec['sources'][number] =>
  spec.sources.find((each) => each.alias === source.alias) as ProcessSpec['sources'][number];

/**
 * Pins the planned base and attaches the session; executes the step `open_session`. The branch begins with
 * the first snapshot that is staged on that base: a commit that only names it would make every session wait
 * for one more pair of durable files (8 ms at 1,000 snapshots, 2026-11-22).
 */
export async function openBranch(context: RunContext): Promise<void> {
  const { spec, plan, ports, branch } = context;
  if (plan.target.exists) {
    const { metadata } = await loadTarget(context);
    if (metadata['format-version'] > FORMAT_VERSION_MAX)
      throw usageError(
        'format-version-unsupported',
        `the target ${plan.target.table} is of Iceberg format version ${metadata['format-version']}, expected 1 to ${FORMAT_VERSION_MAX}`,
        {
          hint: 'write to a table of an older format version',
        },
      );
    const base = mainSnapshot(metadata);
    if (metadata['table-uuid'] !== plan.target.table_uuid || !isPlannedBase(plan, base))
      throw targetMoved(plan, base?.['snapshot-id']);
    context.branchOfAnother = metadata.refs?.[branch] !== undefined;
    if (context.branchOfAnother)
      throw conflict(
        'session-running',
        `the branch ${branch} of ${plan.target.table} exists: a session of this id is at work, or was left behind`,
        { hint: 'run again' },
      );
    context.base = base;
    await targetLayout(context);
    // Version 1 has neither sequence numbers nor branches that others could read; its rows and files stay as
    // they are.
    if (metadata['format-version'] < 2)
      await ports.catalog.commitTable(spec.target.table, {
        requirements: [
          { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base?.['snapshot-id'] ?? null },
        ],
        updates: [{ action: 'upgrade-format-version', 'format-version': 2 }],
      });
  }
  await attachSession(context);
}

/**
 * Shows sources and target as the session sees them, and attaches that view; a stepwise session does so again
 * in each step.
 */
export async function attachSession(context: RunContext): Promise<void> {
  const { plan, ports, branch, directory } = context;
  for (const source of plan.sources) {
    const narrowed = await narrowSource({
      engine: ports.engine,
      catalog: ports.catalog,
      plan,
      source,
      table: sourceSpec(context.spec, source).table,
      directory,
    });
    const from = narrowed ?? context.changeViews.get(source.alias)?.snapshot;
    const shown = source.read.kind === 'nothing' ? undefined : await readableSource(context, source, from);
    if (shown !== undefined) context.changeViews.set(source.alias, shown);
    else if (narrowed !== undefined) context.changeViews.set(source.alias, { snapshot: narrowed });
  }
  showTables(context, [
    ...plan.sources.map((source) => sourceView(context, source)),
    targetView(context),
    ...(patternOf(context.spec).readsPrevious ? [await previousView(context)] : []),
  ]);
  await ports.engine.attach({ name: SESSION_CATALOG, warehouse: branch, ...ports.endpoint });
}

/** `view`: the files of the source that are shown; undefined: all of its pinned snapshot. */
async function readableSource(
  context: RunContext,
  source: PlanSource,
  view: Snapshot | undefined,
): Promise<ReadableView | undefined> {
  const { metadata } =
    (await context.ports.catalog.loadTableToRead(sourceSpec(context.spec, source).table)) ??
    missingSource(source);
  const { read } = source;
  const from =
    view ??
    (read.kind === 'snapshot' ? snapshotById(metadata, BigInt(read.snapshot_id)) : undefined) ??
    missingSource(source);
  const column =
    source.event_time === null ? undefined : columnOf(currentSchema(metadata), source.event_time);
  // Only a range of hours is filtered by the event time.
  const eventTime =
    column === undefined || context.plan.range === null
      ? undefined
      : { fieldId: column.id, type: String(column.type), unit: source.event_time_unit ?? 'us' };
  return composeReadableView(context.ports.engine, {
    metadata,
    from,
    table: source.table,
    eventTime,
    directory: context.directory,
    asksForInfinity: asksForInfinity(context),
  });
}

/**
 * True when `main` is what the plan found. One that was empty then may have begun since: with a try of the
 * same session that was killed, or with another first session.
 */
export const isPlannedBase = ({ target }: Plan, main: Snapshot | undefined): boolean =>
  target.base_snapshot_id === null
    ? main === undefined || isEmptyRoot(main)
    : String(main?.['snapshot-id']) === target.base_snapshot_id;

export const targetMoved = (plan: Plan, found: bigint | undefined) =>
  conflict(
    'target-moved',
    `the target ${plan.target.table} moved since the plan was made: expected snapshot ${plan.target.base_snapshot_id ?? 'none'}, found ${found ?? 'none'}`,
    {
      hint: 'plan again',
      context: {
        target: plan.target.table,
        expected: plan.target.base_snapshot_id,
        found: found === undefined ? null : String(found),
      },
    },
  );

function sourceView(context: RunContext, source: PlanSource): ViewTable {
  const table = sourceSpec(context.spec, source).table;
  const changes = context.changeViews.get(source.alias);
  const show: ViewShow =
    changes !== undefined
      ? { kind: 'files', ...changes }
      : source.read.kind === 'snapshot'
        ? { kind: 'snapshot', snapshotId: BigInt(source.read.snapshot_id) }
        : // A branch that nobody has made, without a base: the table as an empty one.
          { kind: 'branch', branch: `${context.branch}_empty` };
  return {
    identifier: { namespace: ['sources'], name: source.alias },
    table,
    tableUuid: source.head?.table_uuid,
    show,
  };
}

/** The target as the session works on it: its branch, or its base while nothing is staged. */
export const targetView = ({ spec, branch, base }: RunContext): ViewTable => ({
  identifier: { namespace: ['target'], name: spec.target.table.name },
  table: spec.target.table,
  show: { kind: 'branch', branch, base: base?.['snapshot-id'], folder: branch },
});

/** Creates the target from the query's own columns; executes the step `create_target`. */
export async function createTarget(context: RunContext, step: CreateTargetStep): Promise<void> {
  const { spec, plan, ports } = context;
  const version = spec.target.properties['format-version'] ?? '2';
  if (version !== '2' && version !== '3')
    throw usageError(
      'format-version-unsupported',
      `the target ${plan.target.table} asks for Iceberg format version ${version}, expected 2 or 3`,
      {
        hint: 'leave format-version out of target.properties, or set it to "2" or "3"',
      },
    );
  await ports.catalog.createNamespace(spec.target.table.namespace);
  try {
    await createFromQuery(context, step);
    markCreatedTable(context.directory, (await loadTarget(context)).metadata['table-uuid']);
  } catch (error) {
    if (!(await ports.catalog.tableExists(spec.target.table))) throw error;
    // Another session was first: the table, and what it stages there, are its own.
    throw conflict(
      'target-moved',
      `the target ${plan.target.table} was created by another session while this one ran`,
      {
        hint: 'plan again',
        context: { target: plan.target.table },
        cause: error,
      },
    );
  }
  await targetLayout(context);
}

async function createFromQuery(context: RunContext, step: CreateTargetStep): Promise<void> {
  const { spec, plan, ports } = context;
  if (!patternOf(spec).readsPrevious) {
    await ports.engine.execute(bindStep(step, {})).catch(async (error: unknown) => {
      throw await typeProblem(context, error);
    });
    return;
  }
  const hour = parseHour((plan.range as NonNullable<Plan['range']>).first_hour);
  const window = { firstHour: hour, lastHour: hour };
  const aliases = sourceCtes(plan, window);
  const previous = await previousColumns(ports.engine, { spec, plan, window });
  const sources = sourceCtes(plan, window, previous === undefined ? [] : [previous]).fragment;
  const sql = createStatement(spec, sources);
  const parameters = namedIn(sql, { ...processParameters(plan, window), ...aliases.parameters }) as never;
  await ports.engine.execute({ sql, parameters }).catch(async (error: unknown) => {
    throw await typeProblem(context, error, sources);
  });
}
