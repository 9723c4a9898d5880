/**
 * Shows the sources of a session, each cut down to what the plan says is read. Plan sources -> tables of the
 * session's view.
 */
import { randomUUID } from 'node:crypto';
import type { ViewShow, ViewTable } from '../../catalog/index.ts';
import { emptyTable } from '../../catalog/views/session-views.ts';
import type { Engine } from '../../engine/index.ts';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { markEngineSession } from '../../markers/session-marker.ts';
import { conflict, refusal } from '../../model/errors.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { ChangeViewStep } from '../../model/step.ts';
import { liveManifestsOf, manifestsOf, ofData, ofDeletes } from '../../tables/read/manifest-list.ts';
import { refuseDroppedColumns } from '../../tables/views/dropped-columns.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { composeReadableView, type ReadableView } from '../../tables/views/readable-view.ts';
import { runChangeList, writeChangeList } from '../../tables/write/change-list.ts';
import { bindStep } from '../../workload/bind-step.ts';
import type { Begun, Opened } from '../session.ts';
import { collectedView, targetView } from '../target.ts';
import { asksForInfinity } from './asks-for-infinity.ts';
import { narrowSource } from './narrow-source.ts';
import { readFolder } from './read-folder.ts';
import { rowsAtMost } from './rows-at-most.ts';
import { previousView } from './show-target.ts';
import { viewsFolder } from './views-folder.ts';

/** Composes the view of a source's changed files; executes a step `change-view`. */
export async function openChangeView(opened: Opened, step: ChangeViewStep): Promise<Opened> {
  const { plan, spec, ports } = opened;
  const { engine } = ports;
  const source = plan.sources.find((each) => each.alias === step.alias) as PlanSource;
  const { read } = source;
  if (read.kind !== 'changes' || source.head === null) return opened;
  const { metadata } =
    (await ports.catalog.loadTableToRead(sourceSpec(spec, source).table)) ?? missingSource(source);
  const head =
    metadata.snapshots?.find((snapshot) => String(snapshot['snapshot-id']) === source.head?.snapshot_id) ??
    missingSource(source);
  // A name of its own each time: DuckDB keeps what it read of a path, and a session planned again within one
  // second has the same folder.
  const folder = await viewsFolder(opened);
  const destination = `${folder}/changes-${source.alias}-${randomUUID()}.avro`;
  const isListed = read.files !== null || read.snapshot_ids.length === 0;
  if (!isListed) await runChangeList(engine, bindStep(step, { 'view-list': destination }));
  const snapshot = isListed
    ? await composeListedFiles(opened, { source, read, metadata, head, folder })
    : { ...head, 'manifest-list': destination };
  await refuseDroppedColumns(engine, { metadata, snapshot, table: source.table });
  return { ...opened, shown: new Map(opened.shown).set(source.alias, { snapshot }) };
}

type Changes = Extract<PlanSource['read'], { kind: 'changes' }>;

/**
 * A view of files listed one by one. They are looked up in the manifests that their own snapshots added: a
 * later compaction has taken them off the head. After an expiry only the head is left. Throws
 * `source-files-gone` rather than load less than was planned.
 */
async function composeListedFiles(
  session: Begun,
  options: {
    readonly source: PlanSource;
    readonly read: Changes;
    readonly metadata: TableMetadata;
    readonly head: Snapshot;
    readonly folder: string;
  },
): Promise<Snapshot> {
  const { source, read, metadata, head, folder } = options;
  const { plan, ports } = session;
  const { engine } = ports;
  const files = read.files ?? [];
  const isOfHead = files.length === 0 || source.detected_by === 'live-files';
  const from = isOfHead
    ? head
    : {
        ...head,
        'manifest-list': await manifestsAdded(
          engine,
          read,
          `${folder}/snapshots-${source.alias}-${randomUUID()}.avro`,
        ),
      };
  const listed = files.length === 0 ? [] : await liveManifestsOf(engine, from);
  const view = await composeFilesView(engine, {
    metadata,
    from,
    manifests: ofData(listed),
    files,
    deletes: { from, manifests: ofDeletes(listed), keys: read.delete_files ?? [] },
    directory: folder,
  });
  const shown = ofData(await manifestsOf(engine, view));
  const found = shown.reduce((sum, manifest) => sum + manifest.live_files, 0n);
  if (found !== BigInt(files.length))
    throw refusal(
      'source-files-gone',
      `the plan loads ${files.length} files of ${source.table}, but its manifests list ${found} of them`,
      {
        hint: `rebuild the target ${plan.target.table} from the source: drop it and run again`,
        context: { table: source.table, expected: files.length, found: String(found) },
      },
    );
  return view;
}

/** A list of the manifests that the changes' own snapshots added. Returns `destination`. */
async function manifestsAdded(engine: Engine, read: Changes, destination: string): Promise<string> {
  await writeChangeList(engine, {
    manifest_lists: read.manifest_lists,
    snapshot_ids: read.snapshot_ids.map(BigInt),
    contents: [0, 1],
    destination,
  });
  return destination;
}

/** Throws `source-moved`. */
function missingSource(source: PlanSource): never {
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
 * Shows sources and target as the session sees them, and attaches that view; a stepwise session does so again
 * in each step.
 */
export async function attachSession(opened: Opened): Promise<Opened> {
  const { plan, ports, branch } = opened;
  const shown = await shownSources(opened, { narrowed: true });
  const previous = patternOf(plan).readsPrevious ? await previousView(opened) : undefined;
  opened.view.show([
    ...sourceViews(opened, shown),
    targetView(opened),
    ...(previous === undefined ? [] : [previous.table]),
    ...collectedView(opened),
  ]);
  const snapshotOf = async (source: PlanSource) => (await sourceAsRead(opened, source, undefined)).snapshot;
  await ports.workload.attach({
    warehouse: branch,
    ...ports.endpoint,
    ...(ports.workload.isElsewhere ? { rows: await rowsAtMost(opened, snapshotOf) } : {}),
    viewsFolder: () => viewsFolder(opened),
  });
  const outside = ports.workload.outside?.id();
  if (outside !== undefined) markEngineSession(opened.directory, outside);
  return { ...opened, shown, previous: previous?.snapshot };
}

/**
 * What is shown of each source where that is not its whole snapshot, by alias. `narrowed`: of many files only
 * those that may hold rows of the session's hours, since nothing else is asked for.
 */
export async function shownSources(
  opened: Opened,
  { narrowed }: { readonly narrowed: boolean },
): Promise<Opened['shown']> {
  const { plan, ports, spec } = opened;
  const shown = new Map(opened.shown);
  const directory = (): Promise<string> => viewsFolder(opened);
  for (const source of plan.sources) {
    // Each step of an orchestrator is a process of its own.
    if (source.read.kind === 'files') await readFolder(opened, source.alias);
    if (source.read.kind === 'nothing' || source.files_glob !== undefined) continue;
    const { table } = sourceSpec(spec, source);
    const files = narrowed ? await narrowSource({ ...ports, plan, source, table, directory }) : undefined;
    const from = files ?? shown.get(source.alias)?.snapshot;
    const readable = await readableSource(opened, source, from);
    if (readable !== undefined) shown.set(source.alias, readable);
    else if (files !== undefined) shown.set(source.alias, { snapshot: files });
  }
  return shown;
}

/** The sources as tables of the session's view. */
export const sourceViews = (opened: Opened, shown: Opened['shown']): ViewTable[] =>
  opened.plan.sources
    .filter((source) => source.files_glob === undefined)
    .map((source) => sourceView(opened, source, shown.get(source.alias)));

/** A source as a session reads it. */
interface ReadSource {
  readonly table: TableIdentifier;
  readonly metadata: TableMetadata;
  /** What is shown of it. */
  readonly snapshot: Snapshot;
}

/**
 * `view`: the files of the source that are shown; undefined: all of its pinned snapshot. Throws
 * `source-moved` where that is gone.
 */
export async function sourceAsRead(
  { ports, spec }: Begun,
  source: PlanSource,
  view: Snapshot | undefined,
): Promise<ReadSource> {
  const { table } = sourceSpec(spec, source);
  const { metadata } = (await ports.catalog.loadTableToRead(table)) ?? missingSource(source);
  const { read } = source;
  const pinned = read.kind === 'snapshot' ? snapshotById(metadata, BigInt(read.snapshot_id)) : undefined;
  return { table, metadata, snapshot: view ?? pinned ?? missingSource(source) };
}

async function readableSource(
  session: Begun,
  source: PlanSource,
  view: Snapshot | undefined,
): Promise<ReadableView | undefined> {
  const { table, metadata, snapshot: from } = await sourceAsRead(session, source, view);
  const column =
    source.event_time === null ? undefined : columnOf(currentSchema(metadata), source.event_time);
  // Only a range of hours is filtered by the event time.
  const eventTime =
    column === undefined || session.plan.range === null
      ? undefined
      : { fieldId: column.id, type: String(column.type), unit: source.event_time_unit ?? 'us' };
  return composeReadableView(session.ports.engine, {
    metadata,
    from,
    table,
    eventTime,
    directory: () => viewsFolder(session),
    asksForInfinity: asksForInfinity(session),
    readElsewhere: session.ports.workload.isElsewhere === true,
  });
}

function sourceView(
  { spec, branch }: Begun,
  source: PlanSource,
  readable: ReadableView | undefined,
): ViewTable {
  const { read } = source;
  const whole: ViewShow =
    read.kind === 'snapshot'
      ? { kind: 'snapshot', snapshotId: BigInt(read.snapshot_id) }
      : emptyTable(branch);
  return {
    identifier: { namespace: ['sources'], name: source.alias },
    table: sourceSpec(spec, source).table,
    tableUuid: source.head?.table_uuid,
    show: readable === undefined ? whole : { kind: 'files', ...readable },
  };
}
